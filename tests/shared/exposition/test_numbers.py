"""Values are written as Go writes them."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vedette_shared.exposition.numbers import format_value, parse_value


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (-0.0, "0"),
        (1, "1"),
        (-1, "-1"),
        (0.25, "0.25"),
        (999999, "999999"),
        (1e6, "1e+06"),
        (-1234567, "-1.234567e+06"),
        (1234567.25, "1.23456725e+06"),
        (3831959552, "3.831959552e+09"),
        (1e15, "1e+15"),
        (1e16, "1e+16"),
        (1.5e300, "1.5e+300"),
        (0.0001, "0.0001"),
        (0.00001, "1e-05"),
        (1.25e-7, "1.25e-07"),
        (5e-324, "5e-324"),
        (math.inf, "+Inf"),
        (-math.inf, "-Inf"),
        (math.nan, "NaN"),
    ],
)
def test_values_as_go_prints_them(value: float, text: str) -> None:
    assert format_value(value) == text


@given(st.floats(allow_nan=False))
def test_a_value_reads_back_as_itself(value: float) -> None:
    assert parse_value(format_value(value)) == value


@pytest.mark.parametrize("text", ["", "1_0", "0x10", "one", "1\r", "１", "--1"])
def test_what_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not a number"):
        parse_value(text)
