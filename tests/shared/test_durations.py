"""Durations read and print as Prometheus' do."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vedette_shared.durations import format_duration, parse_duration
from vedette_shared.errors import DurationError

READS = [
    ("0", 0),
    ("0s", 0),
    ("250ms", 250),
    ("15s", 15_000),
    ("5m", 300_000),
    ("1h30m", 5_400_000),
    ("1d", 86_400_000),
    ("2w", 1_209_600_000),
    ("1y", 31_536_000_000),
    ("1d2h3m4s5ms", 93_784_005),
]

REFUSED = ["", "5", "-5m", "1.5h", "5 m", "5x", "1m1h", "1m1m", "m", "٣s"]

PRINTS = [
    (0, "0s"),
    (90_000, "1m30s"),
    (604_800_000, "1w"),
    (691_200_000, "8d"),
    (31_536_000_000, "1y"),
    (-5_000, "-5s"),
]


@pytest.mark.parametrize(("text", "milliseconds"), READS)
def test_reads(text: str, milliseconds: int) -> None:
    assert parse_duration(text) == milliseconds


@pytest.mark.parametrize("text", REFUSED)
def test_refuses_and_shows_how_to_write_one(text: str) -> None:
    with pytest.raises(DurationError) as caught:
        parse_duration(text)
    assert str(caught.value) == f"{text!r} is not a duration; write it like 15s, 5m, 1h30m or 250ms"


@pytest.mark.parametrize(("milliseconds", "text"), PRINTS)
def test_prints(milliseconds: int, text: str) -> None:
    assert format_duration(milliseconds) == text


@given(st.integers(min_value=0, max_value=10**13))
def test_what_is_printed_reads_back(milliseconds: int) -> None:
    assert parse_duration(format_duration(milliseconds)) == milliseconds
