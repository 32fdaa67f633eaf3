"""The compiled writing of numbers agrees with Python's shortest decimals."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from vedette_server.api.numbers import format_time, format_value
from vedette_server.api.results.decimals import kernels
from vedette_server.compiled import in_background

RANDOM = np.random.default_rng(4)
FAMILIES = {
    "any bits": RANDOM.integers(0, 2**64, 20_000, dtype=np.uint64).view(np.float64),
    "fractions": RANDOM.random(10_000),
    "small fractions": RANDOM.random(10_000) * 1e-5,
    "rates": RANDOM.random(10_000) * 1e6,
    "hundredths": RANDOM.integers(0, 10**9, 10_000) / 100,
    "thousandths": RANDOM.integers(0, 10**15, 10_000) / 1000,
    "whole numbers": RANDOM.integers(-(10**18), 10**18, 10_000).astype(np.float64),
    "powers of two": 2.0 ** np.arange(-1074, 1024),
    "powers of ten": np.array([float(f"1e{exponent}") for exponent in range(-323, 309)]),
    "subnormal": RANDOM.integers(1, 2**52, 10_000, dtype=np.uint64).view(np.float64),
    "edges": np.array([0.0, 2.0**53 - 1, 2.0**53, 2.0**53 + 2, 1e15 / 1000, 999999999999.999, 1e20, 1e21, 1e22, 1e23]),
    "least and most": np.array([5e-324, 2.2250738585072014e-308, 1.7976931348623157e308, 1e-6, 9.999999e-7, 1e-7]),
    "no numbers": np.array([np.nan, -np.nan, np.inf, -np.inf, -0.0]),
}


@pytest.fixture(scope="module", autouse=True)
def compiled_kernels() -> None:
    """Not their Python functions, which stand in for them until they are compiled."""
    with in_background():
        kernels.write_time(0, np.zeros(kernels.TIME_BYTES, np.uint8), 0)


def written(value: float) -> str:
    out = np.zeros(kernels.VALUE_BYTES, np.uint8)
    length = kernels.write_value(np.float64(value).view(np.uint64), out, 0)
    return out[:length].tobytes().decode()


@pytest.mark.parametrize("family", FAMILIES)
def test_families(family: str) -> None:
    """Each value, and its negative, is written as ``format_value`` has it."""
    values: NDArray[np.float64] = FAMILIES[family]
    values = np.concatenate([values, -values])
    assert [written(value) for value in values.tolist()] == [format_value(value) for value in values.tolist()]


@given(st.floats())
def test_any_double(value: float) -> None:
    assert written(value) == format_value(value)


@given(st.integers(-(2**53), 2**53))
def test_any_time(milliseconds: int) -> None:
    out = np.zeros(kernels.TIME_BYTES, np.uint8)
    length = kernels.write_time(milliseconds, out, 0)
    assert out[:length].tobytes().decode() == format_time(milliseconds)


def test_no_value_or_time_takes_more_than_its_room() -> None:
    longest = [-1.2345678901234567e-308, -1.2345678901234567e-6, -123456789012345680000.0]
    assert max(len(format_value(value)) for value in longest) <= kernels.VALUE_BYTES
    assert len(format_time(-(2**62))) <= kernels.TIME_BYTES
