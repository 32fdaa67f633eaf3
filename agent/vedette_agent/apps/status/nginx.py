"""nginx: the page of ``stub_status`` as nginx-prometheus-exporter has it.

Source: the documentation of ngx_http_stub_status_module.
"""

from __future__ import annotations

import re

from vedette_agent.apps.status.errors import StatusPageError, excerpt
from vedette_agent.collectors.families import COUNTER, GAUGE, Families, Metric
from vedette_shared.metrics import MetricFamily

_PAGE = re.compile(
    rb"Active connections:\s*([0-9]+)\s+"
    rb"server accepts handled requests[a-z_ ]*\s+"
    rb"([0-9]+)\s+([0-9]+)\s+([0-9]+)(?:\s+[0-9]+)*\s+"
    rb"Reading:\s*([0-9]+)\s+Writing:\s*([0-9]+)\s+Waiting:\s*([0-9]+)\s*"
)
"""Some relatives of nginx add a column, such as the time that requests took, after the three."""

_MOST_BYTES = 1024
"""More than any such page has, and little enough for the pattern's worst case."""

_UP = Metric("nginx_up", GAUGE, "Whether the status page of nginx could be read")
_METRICS = (
    Metric("nginx_connections_active", GAUGE, "Open connections of clients, the idle ones included"),
    Metric("nginx_connections_accepted", COUNTER, "Connections of clients that were accepted"),
    Metric("nginx_connections_handled", COUNTER, "Accepted connections that no limit of resources made nginx drop"),
    Metric("nginx_http_requests_total", COUNTER, "Requests of clients"),
    Metric("nginx_connections_reading", GAUGE, "Connections whose request header is being read"),
    Metric("nginx_connections_writing", GAUGE, "Connections whose response is being written"),
    Metric("nginx_connections_waiting", GAUGE, "Idle connections that wait for a request"),
)


def nginx_families(body: bytes) -> list[MetricFamily]:
    """Return the families of a page of ``stub_status``.

    Raises:
        StatusPageError: it is no such page.
    """
    match = _PAGE.fullmatch(body.strip()) if len(body) <= _MOST_BYTES else None
    if match is None:
        raise StatusPageError(f"not a page of nginx's stub_status: it begins with {excerpt(body)}")
    families = Families()
    families.add(_UP, 1.0)
    for metric, number in zip(_METRICS, match.groups(), strict=True):
        families.add(metric, float(number))
    return families.all()
