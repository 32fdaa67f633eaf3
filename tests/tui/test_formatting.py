"""Ages, values, percents and levels as texts."""

from __future__ import annotations

import math

import pytest

from vedette_tui.formatting import (
    format_age,
    format_clock,
    format_date,
    format_levels,
    format_load,
    format_moment,
    format_percent,
    format_value,
)


@pytest.mark.parametrize(
    ("milliseconds", "text"),
    [
        (None, "–"),
        (-5_000, "0s"),
        (0, "0s"),
        (999, "0s"),
        (59_999, "59s"),
        (60_000, "1m"),
        (3_599_999, "59m"),
        (3_600_000, "1h"),
        (86_399_999, "23h"),
        (86_400_000, "1d"),
        (400 * 86_400_000, "400d"),
    ],
)
def test_an_age_has_one_unit(milliseconds: int | None, text: str) -> None:
    """The largest unit that counts at least one; the future is now."""
    assert format_age(milliseconds) == text


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (None, "%", "–"),
        (math.nan, "B", "–"),
        (math.inf, "", "+inf"),
        (-math.inf, "s", "-inf"),
        (81.24, "%", "81.2 %"),
        (100, "%", "100 %"),
        (0, "", "0"),
        (-0.0, "", "0"),
        (0.4213, "", "0.421"),
        (42, "", "42"),
        (12_345.6, "", "12346"),
        (1_234_567, "", "1.23 M"),
        (0, "B", "0 B"),
        (1023, "B", "1023 B"),
        (1024, "B", "1 KiB"),
        (-3.2e9, "B", "-2.98 GiB"),
        (12_345_678, "B/s", "11.8 MiB/s"),
        (2.5e9, "bit/s", "2.5 Gbit/s"),
        (250, "W", "250 W"),
        (0.1, "/s", "0.1 /s"),
        (0, "s", "0 s"),
        (0.00123, "s", "1.23 ms"),
        (90, "s", "90 s"),
        (180, "s", "3m"),
        (-200.4, "s", "-3m20s"),
        (5_790, "s", "1h36m"),
        (86_405, "s", "1d"),
        (864_000, "s", "10d"),
        (400 * 86_400 + 7_300, "s", "400d2h"),
        (61.5, "°C", "61.5 °C"),
        (0.000012, "", "1.2e-05"),
        (9.5e33, "B", "8.24e+15 EiB"),
    ],
)
def test_a_value_has_few_digits_and_its_unit(value: float | None, unit: str, text: str) -> None:
    """Three digits or so, prefixes as the unit wants them."""
    assert format_value(value, unit) == text


@pytest.mark.parametrize(
    ("upper", "lower", "unit", "text"),
    [
        (None, None, "%", ""),
        ((80, 90), None, "%", "80/90 %"),
        (None, (10, 5), "%", "<10/5 %"),
        ((80, 90), (10, 5), "%", "80/90 % <10/5 %"),
        ((5, 10), None, "", "5/10"),
        ((0.1, 1), None, "s", "100ms/1s"),
        ((300, 600), None, "s", "5m/10m"),
        ((math.inf, 90), None, "%", "–/90 %"),
        ((None, 90), None, "%", "–/90 %"),
        ((math.inf, math.inf), None, "%", ""),
        ((1e9, 2e12), None, "B", "954MiB/1.82TiB"),
    ],
)
def test_levels_are_short(
    upper: tuple[float, float] | None, lower: tuple[float, float] | None, unit: str, text: str
) -> None:
    """WARN/CRIT with the unit said once where both share it; what cannot be reached is a dash."""
    assert format_levels(upper, lower, unit) == text


def test_the_small_ones() -> None:
    """Load with two places, percents with one, the clock as local time."""
    assert (format_load(0.4), format_load(None), format_load(math.nan)) == ("0.40", "–", "–")
    assert (format_percent(31.53), format_percent(None)) == ("31.5 %", "–")
    assert format_clock(43_384_000) == "12:03:04"


@pytest.mark.parametrize(
    ("at_ms", "date", "moment"),
    [
        (43_384_000, "01-01 12:03:04", "1970-01-01 12:03:04 UTC"),
        (31_536_000_000, "1971-01-01", "1971-01-01 00:00:00 UTC"),
        (2**62, "–", "–"),
    ],
)
def test_moments(at_ms: int, date: str, moment: str) -> None:
    """Local time; the year where it is another one; a dash for what no calendar has."""
    assert (format_date(at_ms, 1_000), format_moment(at_ms)) == (date, moment)
