"""What an application's page says: text, OpenMetrics or protobuf by its content type, or a status page by its kind."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from vedette_agent.apps.config import Kind
from vedette_agent.apps.errors import PageError
from vedette_agent.apps.status.apache import apache_families
from vedette_agent.apps.status.nginx import nginx_families
from vedette_agent.apps.status.phpfpm import phpfpm_families
from vedette_agent.apps.times import without_times
from vedette_agent.errors import CollectorError
from vedette_shared.errors import VedetteError
from vedette_shared.exposition import (
    DEFAULT_PROTOCOLS,
    PageFormat,
    accept_header,
    page_format,
    parse_openmetrics,
    parse_protobuf,
    parse_text,
)
from vedette_shared.labels import Labels
from vedette_shared.metrics import MetricFamily

ACCEPT = accept_header(DEFAULT_PROTOCOLS)

_STATUS_PAGES = {"apache-status": apache_families, "nginx-status": nginx_families}


class Page(NamedTuple):
    """What a page says.

    Attributes:
        families: In its order.
        problems: What it says beyond those, for people, by what that is.
    """

    families: Sequence[MetricFamily]
    problems: Mapping[str, str] = MappingProxyType({})


def read_page(
    body: bytes, content_type: str, kind: Kind = "metrics", url: str = "", *, honor_timestamps: bool = True
) -> Page:
    """Return what a page says.

    Args:
        body: The page.
        content_type: As its header says; it decides how metrics are read, and text is assumed without one.
        kind: What the page is.
        url: Where it is, which PHP-FPM's series bear.
        honor_timestamps: Whether samples keep times that the page states.

    Raises:
        PageError, StatusPageError: it is malformed, holds a series twice, or is no such page.
    """
    try:
        page = _reader(content_type, kind, url)(body)
    except CollectorError:
        raise
    except VedetteError as error:
        raise PageError(f"the page is malformed: {error}") from error
    if not honor_timestamps:
        page = page._replace(families=without_times(page.families))
    _check_series(page.families)
    return page


def _reader(content_type: str, kind: Kind, url: str) -> Callable[[bytes], Page]:
    if kind == "php-fpm-status":
        return lambda body: Page(phpfpm_families(body, url))
    if kind != "metrics":
        return lambda body: Page(_STATUS_PAGES[kind](body))
    said = content_type.partition(";")[0].strip().lower()
    if said in ("text/html", "application/json"):
        raise PageError(f"the page is {said}, not metrics")
    how = page_format(content_type)
    if how is PageFormat.UNREADABLE:
        raise PageError(f"the page is {how.value}")
    return _READERS[how]


def _read_protobuf(body: bytes) -> Page:
    page = parse_protobuf(body)
    if not page.native_only:
        return Page(page.families)
    told = f"{page.native_only} have no classic buckets: only their sums and counts are taken"
    return Page(page.families, {"native histograms": told})


_READERS: dict[PageFormat, Callable[[bytes], Page]] = {
    PageFormat.TEXT: lambda body: Page(parse_text(body)),
    PageFormat.OPENMETRICS: lambda body: Page(parse_openmetrics(body, strict=False)),
    PageFormat.PROTOBUF: _read_protobuf,
}


def _check_series(families: Sequence[MetricFamily]) -> None:
    seen: set[tuple[str, Labels, int | None]] = set()
    for family in families:
        for sample in family.samples:
            seen_before = len(seen)
            seen.add((sample.name, sample.labels, sample.timestamp_ms))
            if len(seen) == seen_before:
                raise PageError(f"the series {sample.name}{dict(sample.labels)} stands twice on the page")
