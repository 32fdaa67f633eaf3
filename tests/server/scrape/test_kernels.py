"""The compiled reader of pages finds what its plain twin finds."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vedette_server.scrape.page.kernels import MISFIT, NO_TIME, read_number, read_values, read_values_plainly
from vedette_shared.exposition import format_value, parse_value

_values = st.one_of(
    st.floats(allow_nan=False).map(format_value),
    st.floats(allow_nan=False).map(repr),
    st.integers(-(10**22), 10**22).map(str),
    st.decimals(allow_nan=False, allow_infinity=False, places=3, min_value=-(10**12), max_value=10**12).map(str),
    st.sampled_from(
        ["NaN", "+Inf", "-Inf", "inf", "0", "-0", "+1", "1.", ".5", "1e5", "1E+05", "00000000000000000000012"]
    ),
)
_times = st.one_of(st.just(""), st.integers(-(10**17), 10**17).map(str))


def _bytes(text: bytes) -> np.ndarray[tuple[int], np.dtype[np.uint8]]:
    return np.frombuffer(text, np.uint8)


def _read(page: bytes, template: bytes, ends: list[int], timed: list[bool], *, openmetrics: bool = False):
    n = len(timed)
    values, times, hard = np.empty(n), np.empty(n, np.int64), np.empty((n, 3), np.int64)
    left = read_values(
        _bytes(page), _bytes(template), np.array(ends, np.int32), np.array(timed), openmetrics, values, times, hard
    )
    for index, start, end in hard[: max(left, 0)].tolist():
        values[index] = parse_value(page[start:end].decode())
    return left, values.tolist(), times.tolist()


@settings(deadline=None)
@given(st.lists(st.tuples(_values, _times), min_size=1))
def test_the_kernel_and_its_twin_agree(samples: list[tuple[str, str]]) -> None:
    """Values are the nearest doubles, bit for bit, timestamps are exact."""
    page = template = b""
    ends = []
    for number, (value, time) in enumerate(samples):
        head = f'# HELP m{number} Text.\nm{number}{{a="{number}"}} '.encode()
        template += head
        ends.append(len(template))
        template += b"\n"
        page += head + f"{value} {time}".strip().encode() + b"\n"
    ends.append(len(template))
    left, values, times = _read(page, template, ends, [bool(time) for _, time in samples])
    assert left != MISFIT
    plain = read_values_plainly(page, template, ends, openmetrics=False)
    assert [repr(value) for value in values] == [repr(parse_value(value)) for value, _ in plain]
    assert times == [int(time) if time else NO_TIME for _, time in plain]


@pytest.mark.parametrize(
    ("tail", "value", "time"),
    [
        ("1", 1.0, NO_TIME),
        ("1 2.5", 1.0, 2500),
        ("1 1.5e3", 1.0, 1_500_000),
        ("1 -0.001", 1.0, -1),
        ('1 # {id="x # y"} 0.5', 1.0, NO_TIME),
        ("NaN 12 # {} 0.5 1", math.nan, 12_000),
    ],
)
def test_openmetrics_has_seconds_and_exemplars(tail: str, value: float, time: int) -> None:
    page = f"a_total {tail}\n# EOF\n".encode()
    template, ends = b"a_total \n# EOF\n", [8, 15]
    assert repr(_read(page, template, ends, [time != NO_TIME], openmetrics=True)[1:]) == repr(([value], [time]))
    (plain,) = read_values_plainly(page, template, ends, openmetrics=True)
    assert repr(float(plain[0])) == repr(value)
    assert (round(float(plain[1]) * 1000) if plain[1] else NO_TIME) == time


@pytest.mark.parametrize(
    ("page", "timed"),
    [
        (b"b 1\n", False),
        (b"a 1", False),
        (b"a 1\nb 2\n", False),
        (b"", False),
        (b"a ", False),
        (b"a 1 5\n", False),
        (b"a 1\n", True),
        (b"a 1 x\n", True),
        (b"a 1 \n", False),
        (b"a 1 5 6\n", True),
        (b"a 1 9999999999999999999\n", True),
        (b"a 1 # {} 2\n", False),
    ],
)
def test_a_page_unlike_the_template_is_a_misfit(page: bytes, timed: bool) -> None:
    assert _read(page, b"a \n", [2, 3], [timed])[0] == MISFIT


@pytest.mark.parametrize(
    "text", ["1_0", "0x10", "1e", "1e+", "--1", "1.2.3", "", "12345678901234567890", "1e23", "9007199254740993"]
)
def test_what_is_not_certain_is_left_to_the_caller(text: str) -> None:
    value, end, exact = read_number(_bytes(text.encode() + b"\n"), 0)
    assert (value, end, exact) == (0.0, len(text), False)
