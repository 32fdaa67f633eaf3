"""Content negotiation (RFC 9110, section 12.5): which of the offered representations a client wants."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

IDENTITY = "identity"
_COMPARED = ("version",)


class _Range(NamedTuple):
    """One element of an Accept header: ``text/plain;version=0.0.4;q=0.5``."""

    value: str
    parameters: dict[str, str]
    quality: float


def choose_content_type(accept: str, offered: Sequence[str]) -> str:
    """Return the content type out of ``offered`` that the header ``Accept`` prefers.

    Of equals, the one that is offered first; the first of all where the client takes none or says nothing. A version
    that the client states must be the one offered.
    """
    ranges = list(_ranges(accept))
    best = max(offered, key=lambda content_type: _quality_of_type(content_type, ranges))
    return best if _quality_of_type(best, ranges) > 0 else offered[0]


def choose_encoding(accept_encoding: str, offered: Sequence[str]) -> str:
    """Return the content coding out of ``offered`` that the header ``Accept-Encoding`` prefers, else ``identity``.

    Of equals, the one that is offered first.
    """
    ranges = list(_ranges(accept_encoding))
    qualities = {coding: _quality_of_coding(coding, ranges) for coding in offered}
    best = max(offered, key=qualities.__getitem__, default=IDENTITY)
    stated = next((each.quality for each in ranges if each.value == IDENTITY), 0.0)
    return best if qualities.get(best, 0) > 0 and qualities[best] >= stated else IDENTITY


def parse_content_type(header: str) -> tuple[str, dict[str, str]]:
    """Return the media type of a header ``Content-Type``, in lower case, and its parameters; both may be empty."""
    ranges = list(_ranges(header))
    return (ranges[0].value, ranges[0].parameters) if ranges else ("", {})


def _quality_of_type(content_type: str, ranges: Sequence[_Range]) -> float:
    (offer,) = _ranges(content_type)
    main = offer.value.partition("/")[0]
    fits = [
        (len(each.parameters), each.value == offer.value, each.value != "*/*", each.quality)
        for each in ranges
        if each.value in (offer.value, f"{main}/*", "*/*")
        and all(each.parameters.get(key) in (None, offer.parameters.get(key)) for key in _COMPARED)
    ]
    # The most specific range that fits decides, as the RFC has it.
    return max(fits, key=lambda fit: (fit[1], fit[2], fit[0]))[3] if fits else 0.0


def _quality_of_coding(coding: str, ranges: Sequence[_Range]) -> float:
    stated = {each.value: each.quality for each in ranges}
    return stated.get(coding, stated.get("*", 0.0))


def _ranges(header: str) -> Iterator[_Range]:
    for element in header.split(","):
        value, *rest = (part.strip() for part in element.split(";"))
        if not value:
            continue
        parameters = {
            key.strip().lower(): text.strip().strip('"') for key, _, text in (part.partition("=") for part in rest)
        }
        yield _Range(value.lower(), parameters, _quality(parameters.pop("q", "1")))


def _quality(text: str) -> float:
    try:
        quality = float(text)
    except ValueError:
        return 0.0
    return quality if 0 <= quality <= 1 else 0.0
