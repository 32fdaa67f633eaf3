"""What can go wrong with applications.

CollectorError
└── PageError           an application's page cannot be had, or is none: says which and why
    └── RefusalError    the server answers, but does not give the page
"""

from __future__ import annotations

from vedette_agent.errors import CollectorError


class PageError(CollectorError):
    """A page cannot be fetched or understood."""


class RefusalError(PageError):
    """A server answers a request for a page with another status than 200."""
