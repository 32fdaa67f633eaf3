"""What an application's page says: text, OpenMetrics or protobuf by its content type, or a status page by its kind."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from vedette_agent.apps.config import Kind
from vedette_agent.apps.errors import PageError
from vedette_agent.apps.status.apache import apache_families
from vedette_agent.apps.status.nginx import nginx_families
from vedette_agent.apps.status.phpfpm import phpfpm_families
from vedette_agent.errors import CollectorError
from vedette_shared.errors import VedetteError
from vedette_shared.exposition import parse_openmetrics, parse_text
from vedette_shared.labels import Labels
from vedette_shared.metrics import MetricFamily

ACCEPT = "text/plain;version=0.0.4;q=0.9,application/openmetrics-text;version=1.0.0;q=0.7,*/*;q=0.1"
"""Text comes first: it is the quickest to read, and the names in it are those that dashboards know."""

_STATUS_PAGES = {"apache-status": apache_families, "nginx-status": nginx_families}


def read_page(body: bytes, content_type: str, kind: Kind = "metrics", url: str = "") -> list[MetricFamily]:
    """Return the families of a page.

    Args:
        body: The page.
        content_type: As its header says; it decides how metrics are read, and text is assumed without one.
        kind: What the page is.
        url: Where it is, which PHP-FPM's series bear.

    Raises:
        PageError, StatusPageError: it is malformed, holds a series twice, or is no such page.
    """
    try:
        families = _parser(content_type, kind, url)(body)
    except CollectorError:
        raise
    except VedetteError as error:
        raise PageError(f"the page is malformed: {error}") from error
    _check_series(families)
    return families


def _parser(content_type: str, kind: Kind, url: str) -> Callable[[bytes], list[MetricFamily]]:
    if kind == "php-fpm-status":
        return partial(phpfpm_families, pool_url=url)
    if kind != "metrics":
        return _STATUS_PAGES[kind]
    said = content_type.partition(";")[0].strip().lower()
    if said == "application/openmetrics-text":
        return partial(parse_openmetrics, strict=False)
    if said in ("text/html", "application/json"):
        raise PageError(f"the page is {said}, not metrics")
    return parse_text


def _check_series(families: Sequence[MetricFamily]) -> None:
    seen: set[tuple[str, Labels]] = set()
    for family in families:
        for sample in family.samples:
            seen_before = len(seen)
            seen.add((sample.name, sample.labels))
            if len(seen) == seen_before:
                raise PageError(f"the series {sample.name}{dict(sample.labels)} stands twice on the page")
