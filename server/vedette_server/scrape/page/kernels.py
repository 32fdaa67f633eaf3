"""The compiled loop that reads a page which looks like the one before it."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from vedette_server.compiled import compiled

Bytes: TypeAlias = NDArray[np.uint8]

NO_TIME = np.iinfo(np.int64).min
"""Stands for the timestamp of a sample that states none."""

MISFIT = -1

_POWERS = np.array([10.0**exponent for exponent in range(23)])
_LARGEST_POWER = 22
_EXACT_BELOW = 2**53
_DIGITS = 19
_INTEGER_DIGITS = 18
_LATEST_S = 1e15

_LINE_FEED, _BLANK, _HASH = 10, 32, 35
_PLUS, _MINUS, _POINT, _ZERO, _NINE, _E_UPPER, _E_LOWER = 43, 45, 46, 48, 57, 69, 101


@compiled
def _read_integer(page: Bytes, at: int) -> tuple[int, int, bool]:
    """Return (value, end, whether there is one) of the integer of at most 18 digits at ``page[at]``."""
    size = len(page)
    negative = at < size and page[at] == _MINUS
    if at < size and (page[at] == _MINUS or page[at] == _PLUS):
        at += 1
    first = at
    value = 0
    while at < size and at - first < _INTEGER_DIGITS and _ZERO <= page[at] <= _NINE:
        value = value * 10 + int(page[at] - _ZERO)
        at += 1
    return -value if negative else value, at, at > first


@compiled
def _read_mantissa(page: Bytes, at: int) -> tuple[np.uint64, int, int, bool]:
    """Return (digits as an integer, power of ten, end, whether they are an exact one) of the digits at ``page[at]``."""
    size = len(page)
    mantissa = np.uint64(0)
    digits = 0
    seen = 0
    exponent = 0
    after_point = False
    while at < size:
        sign = page[at]
        if _ZERO <= sign <= _NINE:
            mantissa = mantissa * np.uint64(10) + np.uint64(sign - _ZERO)
            seen += 1
            if mantissa > 0:
                digits += 1
            if after_point:
                exponent -= 1
        elif sign == _POINT and not after_point:
            after_point = True
        else:
            break
        at += 1
    exact = seen > 0 and digits <= _DIGITS and mantissa <= np.uint64(_EXACT_BELOW)
    return mantissa, exponent, at, bool(exact)


@compiled
def read_number(page: Bytes, at: int) -> tuple[float, int, bool]:
    """Return (value, end, whether it is exact) of the decimal number at ``page[at]``.

    A mantissa and a power of ten that are both exact doubles give the nearest double in one operation (W. Clinger,
    "How to read floating point numbers accurately", 1990). Any other field, words such as NaN among them, is skipped
    up to the next blank or line feed and reported as not exact.
    """
    size = len(page)
    start = at
    negative = at < size and page[at] == _MINUS
    if at < size and (page[at] == _MINUS or page[at] == _PLUS):
        at += 1
    mantissa, exponent, at, exact = _read_mantissa(page, at)
    if at < size and (page[at] == _E_LOWER or page[at] == _E_UPPER):
        stated, at, found = _read_integer(page, at + 1)
        exact = exact and found
        exponent += stated
    exact = exact and (mantissa == 0 or -_LARGEST_POWER <= exponent <= _LARGEST_POWER)
    if not exact or (at < size and page[at] != _BLANK and page[at] != _LINE_FEED):
        at = start
        while at < size and page[at] != _BLANK and page[at] != _LINE_FEED:
            at += 1
        return 0.0, at, False
    value = float(mantissa)
    if mantissa > 0:
        value = value * _POWERS[exponent] if exponent >= 0 else value / _POWERS[-exponent]
    return -value if negative else value, at, True


@compiled
def _read_tail(page: Bytes, at: int, openmetrics: bool) -> tuple[int, int]:
    """Return (timestamp in ms or ``NO_TIME``, end) of what follows a value; the end is a line feed if all is well."""
    size = len(page)
    time = NO_TIME
    if at + 1 < size and page[at] == _BLANK and page[at + 1] != _HASH:
        if openmetrics:
            seconds, at, exact = read_number(page, at + 1)
            if not exact or abs(seconds) > _LATEST_S:
                return NO_TIME, size
            time = int(seconds * 1000.0)
        else:
            time, at, found = _read_integer(page, at + 1)
            if not found:
                return NO_TIME, size
    if openmetrics and at + 1 < size and page[at] == _BLANK and page[at + 1] == _HASH:
        while at < size and page[at] != _LINE_FEED:
            at += 1
    return time, at


@compiled
def read_values(
    page: Bytes,
    template: Bytes,
    ends: NDArray[np.int32],
    timed: NDArray[np.bool_],
    openmetrics: bool,
    values: NDArray[np.float64],
    times: NDArray[np.int64],
    hard: NDArray[np.int64],
) -> int:
    """Read the values of a page whose other text is that of a template.

    Args:
        page: The page.
        template: What stands before each value, one stretch after the other, and after the last one.
        ends: Shape (n + 1,): where each stretch ends.
        timed: Shape (n,): whether the sample states a timestamp.
        openmetrics: Whether timestamps are seconds, and exemplars may follow.
        values: Shape (n,), takes the values.
        times: Shape (n,), takes the timestamps in ms, ``NO_TIME`` where there is none.
        hard: Shape (n, 3), takes (index, start, end) of the values that are left to the caller.

    Returns:
        How many values are left to the caller, or ``MISFIT`` if the page is not like the template.
    """
    size = len(page)
    n = len(ends) - 1
    at = 0
    begin = 0
    left = 0
    for i in range(n + 1):
        length = ends[i] - begin
        if at + length > size:
            return MISFIT
        # Slices indexed from 0, and no way out of the loop, so that the compiler can take 32 bytes at a time.
        here, there = page[at : at + length], template[begin : begin + length]
        difference = np.uint8(0)
        for k in range(len(here)):
            difference |= here[k] ^ there[k]
        if difference:
            return MISFIT
        at += length
        begin = ends[i]
        if i == n:
            break
        start = at
        values[i], at, exact = read_number(page, at)
        if not exact:
            hard[left, 0], hard[left, 1], hard[left, 2] = i, start, at
            left += 1
        times[i], at = _read_tail(page, at, openmetrics)
        if at >= size or page[at] != _LINE_FEED or timed[i] != (times[i] != NO_TIME):
            return MISFIT
    return left if at == size else MISFIT


def read_values_plainly(page: bytes, template: bytes, ends: list[int], *, openmetrics: bool) -> list[tuple[str, str]]:
    """The same in plain Python, for tests: the texts of (value, timestamp) of each sample.

    Raises:
        ValueError: the page is not like the template.
    """
    found: list[tuple[str, str]] = []
    at = begin = 0
    for end in ends:
        if not page.startswith(template[begin:end], at):
            raise ValueError("the page is not like the template")
        at += end - begin
        begin = end
        if len(found) < len(ends) - 1:
            stop = page.index(b"\n", at)
            tail = page[at:stop].decode()
            value, _, time = (tail.partition(" # ")[0] if openmetrics else tail).partition(" ")
            found.append((value, time))
            at = stop
    if at != len(page):
        raise ValueError("the page is not like the template")
    return found
