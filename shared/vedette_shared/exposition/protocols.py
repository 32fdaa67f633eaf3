"""The formats of pages that a scrape may ask for and get, under the names of Prometheus' ``scrape_protocols``
(https://prometheus.io/docs/prometheus/latest/configuration/configuration/#scrape_config).
"""

from __future__ import annotations

import enum
from collections.abc import Sequence
from typing import Literal

from vedette_shared.exposition.negotiation import parse_content_type

ScrapeProtocol = Literal[
    "PrometheusText0.0.4", "PrometheusText1.0.0", "OpenMetricsText1.0.0", "OpenMetricsText0.0.1", "PrometheusProto"
]

DEFAULT_PROTOCOLS: tuple[ScrapeProtocol, ...] = ("PrometheusText0.0.4", "OpenMetricsText1.0.0", "PrometheusProto")
"""Text comes first: its names are those that dashboards know, and every exporter speaks it."""

_PROTOBUF, _FAMILY, _DELIMITED = "application/vnd.google.protobuf", "io.prometheus.client.MetricFamily", "delimited"
_OPENMETRICS = "application/openmetrics-text"
_MEDIA_TYPES: dict[ScrapeProtocol, str] = {
    "PrometheusText0.0.4": "text/plain;version=0.0.4",
    "PrometheusText1.0.0": "text/plain;version=1.0.0;escaping=allow-utf-8",
    "OpenMetricsText1.0.0": f"{_OPENMETRICS};version=1.0.0",
    "OpenMetricsText0.0.1": f"{_OPENMETRICS};version=0.0.1",
    "PrometheusProto": f"{_PROTOBUF};proto={_FAMILY};encoding={_DELIMITED}",
}


class PageFormat(enum.Enum):
    """How a page is read."""

    TEXT = "text"
    OPENMETRICS = "OpenMetrics"
    PROTOBUF = "protobuf"
    UNREADABLE = "protobuf, but not of delimited messages of io.prometheus.client.MetricFamily"


def accept_header(protocols: Sequence[ScrapeProtocol]) -> str:
    """Return the header ``Accept`` that asks for these, the first one above all; anything else comes last."""
    asked = [f"{_MEDIA_TYPES[protocol]};q={0.9 - place / 10:.1f}" for place, protocol in enumerate(protocols)]
    return ",".join([*asked, "*/*;q=0.1"])


def check_protocols(protocols: Sequence[ScrapeProtocol]) -> None:
    """Raise ValueError unless these can be asked for: at least one, and none twice."""
    if not protocols or len(set(protocols)) != len(protocols):
        raise ValueError("scrape_protocols must name at least one protocol, and none twice")


def page_format(content_type: str) -> PageFormat:
    """Return how a page of the header ``Content-Type`` is read; what no other format claims is text."""
    media_type, parameters = parse_content_type(content_type)
    if media_type == _OPENMETRICS:
        return PageFormat.OPENMETRICS
    if media_type != _PROTOBUF:
        return PageFormat.TEXT
    said = (parameters.get("proto"), parameters.get("encoding"))
    return PageFormat.PROTOBUF if said == (_FAMILY, _DELIMITED) else PageFormat.UNREADABLE
