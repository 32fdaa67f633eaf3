"""How a page is asked for, and what its content type says of how it is read."""

from __future__ import annotations

import pytest

from vedette_shared.exposition import DEFAULT_PROTOCOLS, PageFormat, accept_header, choose_content_type, page_format

PROTOBUF = "application/vnd.google.protobuf"
FAMILY = "io.prometheus.client.MetricFamily"


@pytest.mark.parametrize(
    ("content_type", "expected"),
    [
        ("", PageFormat.TEXT),
        ("text/plain; version=0.0.4; charset=utf-8", PageFormat.TEXT),
        ("text/plain; version=1.0.0; escaping=allow-utf-8", PageFormat.TEXT),
        ("application/octet-stream", PageFormat.TEXT),
        ("application/openmetrics-text; version=1.0.0; charset=utf-8", PageFormat.OPENMETRICS),
        ("Application/OpenMetrics-Text", PageFormat.OPENMETRICS),
        (f"{PROTOBUF}; proto={FAMILY}; encoding=delimited", PageFormat.PROTOBUF),
        (f'{PROTOBUF};encoding="delimited";proto={FAMILY};escaping=values', PageFormat.PROTOBUF),
        (f"{PROTOBUF}; proto={FAMILY}; encoding=text", PageFormat.UNREADABLE),
        (f"{PROTOBUF}; proto={FAMILY}; encoding=compact-text", PageFormat.UNREADABLE),
        (f"{PROTOBUF}; proto=other.Message; encoding=delimited", PageFormat.UNREADABLE),
        (PROTOBUF, PageFormat.UNREADABLE),
    ],
)
def test_a_content_type_says_how_a_page_is_read(content_type: str, expected: PageFormat) -> None:
    assert page_format(content_type) is expected


def test_the_first_protocol_is_preferred_and_anything_taken() -> None:
    offered = [f"{PROTOBUF};proto={FAMILY};encoding=delimited", "text/plain;version=0.0.4", "text/csv"]
    assert choose_content_type(accept_header(DEFAULT_PROTOCOLS), offered) == "text/plain;version=0.0.4"
    assert choose_content_type(accept_header(("PrometheusProto", "PrometheusText0.0.4")), offered) == offered[0]
    assert choose_content_type(accept_header(("OpenMetricsText1.0.0",)), offered[2:]) == "text/csv"
