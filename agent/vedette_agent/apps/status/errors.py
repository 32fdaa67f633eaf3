"""What can go wrong with a status page.

CollectorError
└── StatusPageError     bytes are not the page that they should be
    └── FastCgiError    bytes are not what FastCGI allows at this place, or the application refused
"""

from __future__ import annotations

from vedette_agent.errors import CollectorError

_SHOWN = 80


class StatusPageError(CollectorError):
    """A body is not the status page that it should be; the text tells where and, if known, how to mend it."""


class FastCgiError(StatusPageError):
    """An application did not answer as FastCGI has it, or refused the request."""


def excerpt(body: bytes | str) -> str:
    """Return the first line of ``body`` that is not empty, quoted and cut, for an error's text."""
    text = body[:1000].decode(errors="replace") if isinstance(body, bytes) else body[:1000]
    first = next(iter(text.strip().splitlines()), "")
    return repr(first[:_SHOWN] + "…" if len(first) > _SHOWN else first)
