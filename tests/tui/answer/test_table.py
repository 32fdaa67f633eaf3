"""Answers as tables: aligned, as wide as the terminal lets them."""

from typing import Any

import pytest

from vedette_tui.answer.table import render, render_range, shorten


def matrix(*series: tuple[dict[str, str], list[tuple[float, str]]]) -> dict[str, Any]:
    return {
        "resultType": "matrix",
        "result": [{"metric": metric, "values": [list(pair) for pair in values]} for metric, values in series],
    }


RENDERED = [
    ({"resultType": "scalar", "result": [0, "2"]}, ["2"]),
    ({"resultType": "string", "result": [0, "text"]}, ["text"]),
    ({"resultType": "vector", "result": []}, ["no series matches"]),
    (
        {
            "resultType": "vector",
            "result": [
                {"metric": {"__name__": "up", "host": "h1"}, "value": [0, "1"]},
                {"metric": {}, "value": [0, "0.25"]},
            ],
        },
        ["SERIES         VALUE", 'up{host="h1"}      1', "{}              0.25"],
    ),
    (
        matrix(({"__name__": "up"}, [(0, "1"), (1.5, "0")])),
        [
            "SERIES  TIME                      VALUE",
            "up      1970-01-01T00:00:00.000Z      1",
            "        1970-01-01T00:00:01.500Z      0",
        ],
    ),
]


@pytest.mark.parametrize(("data", "lines"), RENDERED)
def test_an_answer_of_now(data: dict[str, Any], lines: list[str]) -> None:
    assert render(data) == lines


A = {"__name__": "load", "host": "a", "job": "node"}
B = {"__name__": "load", "host": "b", "job": "node"}

RANGES = {
    "nothing": (matrix(), 80, ["no series matches"]),
    "one series stands above its values": (
        matrix((A, [(0, "1.5"), (60, "12345678")])),
        80,
        [
            'load{host="a", job="node"}',
            "TIME                     VALUE",
            "1970-01-01T00:00:00Z       1.5",
            "1970-01-01T00:01:00Z  12345678",
        ],
    ),
    "a series without labels": (
        matrix(({}, [(0, "1")])),
        80,
        ["TIME                  VALUE", "1970-01-01T00:00:00Z      1"],
    ),
    "few go across, a gap where one has no value": (
        matrix((A, [(0, "1"), (60, "0.12345678901")]), (B, [(60.5, "NaN")])),
        80,
        [
            'load{job="node"}',
            'TIME                      host="a"  host="b"',
            "1970-01-01T00:00:00Z             1         –",
            "1970-01-01T00:01:00Z      0.123457         –",
            "1970-01-01T00:01:00.500Z         –       NaN",
        ],
    ),
    "nothing in common": (
        matrix(({"__name__": "x"}, [(0, "1")]), ({"__name__": "y", "a": "b"}, [(0, "2")])),
        80,
        ['TIME                  x  y{a="b"}', "1970-01-01T00:00:00Z  1         2"],
    ),
    "more than fit take a line each": (
        matrix((A, [(0, "1"), (60, "4"), (120, "NaN")]), (B, [(0, "+Inf"), (60, "2")])),
        39,
        [
            "SERIES                      MIN  MEAN   MAX  LAST",
            'load{host="a", job="node"}    1   2.5     4   NaN',
            'load{host="b", job="node"}    2  +Inf  +Inf     2',
        ],
    ),
    "values that are none": (
        matrix((A, [(0, "NaN")]), (B, [(0, "-Inf"), (60, "+Inf")])),
        39,
        [
            "SERIES                       MIN  MEAN   MAX  LAST",
            'load{host="a", job="node"}   NaN   NaN   NaN   NaN',
            'load{host="b", job="node"}  -Inf   NaN  +Inf  +Inf',
        ],
    ),
}


@pytest.mark.parametrize(("data", "width", "lines"), RANGES.values(), ids=RANGES)
def test_an_answer_over_time(data: dict[str, Any], width: int, lines: list[str]) -> None:
    assert render_range(data, width) == lines


SHORTENED = {
    "0.25": "0.25",
    "0.12345678901234": "0.123457",
    "1234567.8901234": "1234568",
    "123456789012345": "123456789012345",
    "12345678901234567890": "1.23457e+19",
    "-0.00001234567890": "-1.23457e-05",
}


@pytest.mark.parametrize(("text", "short"), SHORTENED.items())
def test_long_values(text: str, short: str) -> None:
    assert shorten(text) == short
