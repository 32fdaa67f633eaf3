"""What can go wrong with a scrape.

VedetteError
└── ScrapeError                  one scrape of one target failed; the text is the target's last error
    ├── LimitError               the page is larger, or its labels are more, than the job allows
    └── ResponseError            the answer is no page: another status, broken HTTP, a broken gzip stream
"""

from __future__ import annotations

from vedette_shared.errors import VedetteError


class ScrapeError(VedetteError):
    """A scrape failed; the target counts as down, and the next scrape starts anew."""


class LimitError(ScrapeError):
    """The page goes beyond a limit of its job."""


class ResponseError(ScrapeError):
    """The target's answer is not a page of metrics."""
