"""Numbers print as Prometheus' JSON has them."""

import pytest

from vedette_server.api.numbers import format_time, format_value

VALUES = [
    (0.0, "0"),
    (-0.0, "-0"),
    (1.0, "1"),
    (-3.0, "-3"),
    (0.1, "0.1"),
    (1e-5, "0.00001"),
    (1e-6, "0.000001"),
    (1.5e-7, "1.5e-7"),
    (123456789012345680.0, "123456789012345680"),
    (1e20, "100000000000000000000"),
    (1e21, "1e+21"),
    (1.7976931348623157e308, "1.7976931348623157e+308"),
    (float("nan"), "NaN"),
    (float("inf"), "+Inf"),
    (float("-inf"), "-Inf"),
]

TIMES = [
    (0, "0"),
    (1_700_000_000_000, "1700000000"),
    (1_700_000_000_120, "1700000000.120"),
    (5, "0.005"),
    (-5, "-0.005"),
]


@pytest.mark.parametrize(("value", "text"), VALUES)
def test_values(value: float, text: str) -> None:
    assert format_value(value) == text


@pytest.mark.parametrize(("milliseconds", "text"), TIMES)
def test_times(milliseconds: int, text: str) -> None:
    assert format_time(milliseconds) == text
