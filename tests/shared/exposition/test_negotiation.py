"""What a client's Accept headers choose."""

from __future__ import annotations

import pytest

from vedette_shared.exposition import (
    OPENMETRICS_CONTENT_TYPE,
    TEXT_CONTENT_TYPE,
    choose_content_type,
    choose_encoding,
)

_FRAMES = "application/vnd.vedette.frames"


@pytest.mark.parametrize(
    ("accept", "chosen"),
    [
        ("", TEXT_CONTENT_TYPE),
        ("*/*", TEXT_CONTENT_TYPE),
        ("text/html", TEXT_CONTENT_TYPE),
        ("text/*", TEXT_CONTENT_TYPE),
        ("application/*", OPENMETRICS_CONTENT_TYPE),
        ("application/openmetrics-text", OPENMETRICS_CONTENT_TYPE),
        ("application/openmetrics-text;version=9.0.0", TEXT_CONTENT_TYPE),
        ("application/openmetrics-text;q=0, */*;q=0.1", TEXT_CONTENT_TYPE),
        ("text/plain;q=nonsense, application/openmetrics-text;q=0.1", OPENMETRICS_CONTENT_TYPE),
        (f"{_FRAMES}, */*;q=0.5", _FRAMES),
        (
            "application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.3,*/*;q=0.2",
            OPENMETRICS_CONTENT_TYPE,
        ),
        ("text/plain;version=0.0.4;q=0.6,application/openmetrics-text;version=1.0.0;q=0.5", TEXT_CONTENT_TYPE),
        ("text/plain;version=1.0.0;q=0.6,text/plain;version=0.0.4;q=0.3,*/*;q=0.2", TEXT_CONTENT_TYPE),
    ],
)
def test_the_content_type(accept: str, chosen: str) -> None:
    assert choose_content_type(accept, [TEXT_CONTENT_TYPE, OPENMETRICS_CONTENT_TYPE, _FRAMES]) == chosen


@pytest.mark.parametrize(
    ("accept", "chosen"),
    [
        ("", "identity"),
        ("gzip", "gzip"),
        ("gzip, zstd", "zstd"),
        ("gzip;q=1.0, zstd;q=0.5", "gzip"),
        ("*", "zstd"),
        ("identity, gzip;q=0.5", "identity"),
        ("zstd;q=0, *;q=0.5", "gzip"),
        ("br", "identity"),
    ],
)
def test_the_encoding(accept: str, chosen: str) -> None:
    assert choose_encoding(accept, ["zstd", "gzip"]) == chosen
