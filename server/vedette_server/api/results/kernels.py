"""Compiled writing of series as JSON, values as their shortest decimals.

The decimals are found by Raffaello Giulietti's Schubfach ("The Schubfach way to render doubles", 2020): of the decimals
that read back as the double the shortest, and of those the nearest. ``plain`` holds the twins in Python.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from vedette_server.api.results.powers import LEAST, powers_of_ten
from vedette_server.compiled import compiled

inlined = njit(inline="always", nogil=True, error_model="numpy")
"""For what is done for each value: a call there would count the references to its arrays, at the price of the work."""

_UPPER, _LOWER = powers_of_ten()
_LEAST = LEAST

_U = np.uint64
_ZERO, _ONE, _TWO, _FOUR, _TEN, _FORTY = _U(0), _U(1), _U(2), _U(4), _U(10), _U(40)
_EXACT = 2.0**53
_HUNDRED = _U(100)
_TENS = np.array([10**i for i in range(20)], np.uint64)
_TEN_THOUSAND, _EIGHT_ZEROS = _U(10**4), _U(10**8)
_BYTE = _U(0xFF)
_HALF = _U(32)
_HALF_MASK = _U(0xFFFFFFFF)
_FRACTION_BITS = 52
_FRACTION = _U((1 << 52) - 1)
_HIDDEN = _U(1 << 52)
_EXPONENT_SHIFT = _U(52)
_EXPONENT = _U(0x7FF)

VALUE_BYTES = 32
"""No value takes more."""

TIME_BYTES = 24
"""No time takes more."""

POINT_BYTES = TIME_BYTES + VALUE_BYTES + 8
"""No point takes more."""

SERIES_BYTES = 64
"""No series takes more beside its labels and points."""

_METRIC = np.frombuffer(b'{"metric":{', np.uint8)
_VALUE = np.frombuffer(b'},"value":', np.uint8)
_VALUES = np.frombuffer(b'},"values":[', np.uint8)
_NAN = np.frombuffer(b"NaN", np.uint8)
_POSITIVE, _NEGATIVE = np.frombuffer(b"+Inf", np.uint8), np.frombuffer(b"-Inf", np.uint8)
_QUOTE, _COMMA, _DOT, _MINUS, _PLUS, _DIGIT, _E = 34, 44, 46, 45, 43, 48, 101
_OPEN_LIST, _CLOSE_LIST, _OPEN_OBJECT, _CLOSE_OBJECT = 91, 93, 123, 125


@compiled
def copy(source: NDArray[np.uint8], first: int, last: int, out: NDArray[np.uint8], at: int) -> int:
    """Copy ``source[first:last]`` to ``out[at:]``; return where it ends."""
    for i in range(first, last):
        out[at + i - first] = source[i]
    return at + last - first


@compiled
def high_product(a: np.uint64, b: np.uint64) -> np.uint64:
    """The upper 64 bits of a product."""
    a_low, a_high = a & _HALF_MASK, a >> _HALF
    b_low, b_high = b & _HALF_MASK, b >> _HALF
    middle = a_high * b_low + ((a_low * b_low) >> _HALF)
    return a_high * b_high + (middle >> _HALF) + (((middle & _HALF_MASK) + a_low * b_high) >> _HALF)


@compiled
def round_to_odd(upper: np.uint64, lower: np.uint64, factor: np.uint64) -> np.uint64:
    """The product of a scaled power and ``factor``, whose last bit says whether anything was cut off."""
    carried = high_product(lower, factor)
    rest = upper * factor + carried
    product = high_product(upper, factor)
    if rest < carried:
        product += _ONE
    return product | (_ONE if rest > _ONE else _ZERO)


@compiled
def shortest_decimal(bits: np.uint64) -> tuple[np.uint64, int]:
    """Return (digits, exponent) of the shortest decimal of a finite double above 0; the digits may end in zeros."""
    fraction = bits & _FRACTION
    stated = int((bits >> _EXPONENT_SHIFT) & _EXPONENT)
    if stated != 0:
        c = _HIDDEN | fraction
        q = stated - 1075
        if -_FRACTION_BITS <= q <= 0:
            shift = _U(-q)
            if c & ((_ONE << shift) - _ONE) == _ZERO:
                return c >> shift, 0
    else:
        c = fraction
        q = -1074
    odd = c & _ONE
    uneven = fraction == _ZERO and stated > 1
    k = (q * 1262611 - (524031 if uneven else 0)) >> 22
    h = _U(q + ((-k * 1741647) >> 19) + 1)
    upper, lower = _UPPER[-k - _LEAST], _LOWER[-k - _LEAST]
    middle = c << _TWO
    least = round_to_odd(upper, lower, (middle - (_ONE if uneven else _TWO)) << h) + odd
    value = round_to_odd(upper, lower, middle << h)
    most = round_to_odd(upper, lower, (middle + _TWO) << h) - odd
    s = value >> _TWO
    if s >= _TEN:
        short = s // _TEN
        below, above = least <= _FORTY * short, _FORTY * short + _FORTY <= most
        if below != above:
            return short + (_ONE if above else _ZERO), k + 1
    below, above = least <= _FOUR * s, _FOUR * s + _FOUR <= most
    if below != above:
        return s + (_ONE if above else _ZERO), k
    half = _FOUR * s + _TWO
    if value > half or (value == half and s & _ONE != _ZERO):
        return s + _ONE, k
    return s, k


@compiled
def eight_digits(number: np.uint64) -> np.uint64:
    """Eight digits of a number as bytes, the first one lowest: halved three times, all parts at once."""
    halves = number // _TEN_THOUSAND
    parts = halves | (number - halves * _TEN_THOUSAND) << _U(32)
    hundreds = ((parts * _U(10486)) >> _U(20)) & _U(0x0000007F0000007F)
    parts = hundreds | (parts - hundreds * _HUNDRED) << _U(16)
    tens = ((parts * _U(103)) >> _U(10)) & _U(0x000F000F000F000F)
    return (tens | (parts - tens * _TEN) << _U(8)) + _U(0x3030303030303030)


@inlined
def write_digits(digits: np.uint64, count: int, out: NDArray[np.uint8], at: int) -> int:
    """Write the last ``count`` digits of a number; return where they end."""
    end = at + count
    while count >= 8:
        rest = digits // _EIGHT_ZEROS
        eight = eight_digits(digits - rest * _EIGHT_ZEROS)
        count -= 8
        for i in range(8):
            out[at + count + i] = (eight >> _U(8 * i)) & _BYTE
        digits = rest
    for i in range(at + count - 1, at - 1, -1):
        rest = digits // _TEN
        out[i] = _DIGIT + np.int64(digits - rest * _TEN)
        digits = rest
    return end


@compiled
def count_digits(number: np.uint64) -> int:
    """How many digits a number below 10**19 has, 1 for 0."""
    count = 1
    if number >= _TENS[8]:
        count = 16 if number >= _TENS[15] else 9
    while number >= _TENS[count]:
        count += 1
    return count


@compiled
def strip_zeros(digits: np.uint64, exponent: int) -> tuple[np.uint64, int]:
    """The same decimal without zeros at the end of its digits, which are below 10**18."""
    if digits % _TEN != _ZERO:
        return digits, exponent
    for zeros in (8, 4, 2, 1):
        rest = digits // _TENS[zeros]
        if rest * _TENS[zeros] == digits:
            digits = rest
            exponent += zeros
    return digits, exponent


@compiled
def write_exponent(exponent: int, out: NDArray[np.uint8], at: int) -> int:
    """Write ``e±exponent``; return where it ends."""
    out[at] = _E
    out[at + 1] = _MINUS if exponent < 0 else _PLUS
    at += 2
    number = abs(exponent)
    for unit in (100, 10, 1):
        if number >= unit:
            out[at] = _DIGIT + number // unit % 10
            at += 1
    return at


@inlined
def write_decimal(digits: np.uint64, exponent: int, out: NDArray[np.uint8], at: int) -> int:
    """Write ``digits × 10**exponent``, above 0, in the notation of Prometheus' JSON; return where it ends."""
    digits, exponent = strip_zeros(digits, exponent)
    count = count_digits(digits)
    point = count + exponent
    scientific = not -5 <= point <= 21
    if scientific:
        shown = 1
    elif point <= 0:
        for i in range(2 - point):
            out[at + i] = _DIGIT
        out[at + 1] = _DOT
        at += 2 - point
        shown = count
    else:
        shown = min(point, count)
    dotted = shown < count
    end = write_digits(digits, count, out, at + dotted)
    if dotted:
        for i in range(at, at + shown):
            out[i] = out[i + 1]
        out[at + shown] = _DOT
    if scientific:
        return write_exponent(point - 1, out, end)
    for i in range(exponent):
        out[end + i] = _DIGIT
    return end + max(exponent, 0)


@compiled
def to_decimal(bits: np.uint64) -> tuple[np.uint64, int]:
    """``shortest_decimal``, quicker for what people and counters make: whole numbers, and three decimals at most."""
    value = np.uint64(bits).view(np.float64)
    if value < _EXACT and value == np.floor(value):
        return _U(value), 0
    thousands = np.rint(value * 1000.0)
    # Up to 15 digits, different decimals are different doubles, so a decimal that reads back is the shortest.
    if thousands < 1e15 and thousands / 1000.0 == value:
        return _U(thousands), -3
    return shortest_decimal(bits)


@inlined
def write_value(bits: np.uint64, out: NDArray[np.uint8], at: int) -> int:
    """Write the double that ``bits`` are; return where it ends, at most ``VALUE_BYTES`` on."""
    magnitude = bits & _U(0x7FFFFFFFFFFFFFFF)
    if magnitude > _U(0x7FF0000000000000):
        return copy(_NAN, 0, 3, out, at)
    if magnitude == _U(0x7FF0000000000000):
        return copy(_POSITIVE if bits == magnitude else _NEGATIVE, 0, 4, out, at)
    if bits != magnitude:
        out[at] = _MINUS
        at += 1
    if magnitude == _ZERO:
        out[at] = _DIGIT
        return at + 1
    digits, exponent = to_decimal(magnitude)
    return write_decimal(digits, exponent, out, at)


@compiled
def write_time(milliseconds: int, out: NDArray[np.uint8], at: int) -> int:
    """Write a time in seconds, with three decimals where they are not all 0; return where it ends."""
    if milliseconds < 0:
        out[at] = _MINUS
        at += 1
        milliseconds = -milliseconds
    seconds = _U(milliseconds // 1000)
    rest = _U(milliseconds % 1000)
    at = write_digits(seconds, count_digits(seconds), out, at)
    if rest != _ZERO:
        out[at] = _DOT
        at = write_digits(rest, 3, out, at + 1)
    return at


@compiled
def write_times(times: NDArray[np.int64], out: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Write times one after the other; return the bounds of each, of shape (times + 1,)."""
    bounds = np.zeros(len(times) + 1, np.int64)
    at = 0
    for i in range(len(times)):
        at = write_time(times[i], out, at)
        bounds[i + 1] = at
    return bounds


@compiled
def write_labels(
    codes: NDArray[np.int32],
    pairs: NDArray[np.uint8],
    bounds: NDArray[np.int64],
    row: int,
    out: NDArray[np.uint8],
    at: int,
) -> int:
    """Write the labels of a series with commas between them; return where they end."""
    first = True
    for name in range(len(codes)):
        code = codes[name, row]
        if bounds[code] == bounds[code + 1]:
            continue
        if not first:
            out[at] = _COMMA
            at += 1
        at = copy(pairs, bounds[code], bounds[code + 1], out, at)
        first = False
    return at


@compiled
def write_series(
    codes: NDArray[np.int32],
    pairs: NDArray[np.uint8],
    pair_bounds: NDArray[np.int64],
    times: NDArray[np.uint8],
    time_bounds: NDArray[np.int64],
    clocks: NDArray[np.int64],
    values: NDArray[np.uint64],
    offsets: NDArray[np.int64],
    present: NDArray[np.bool_],
    single: bool,
    first: int,
    last: int,
    out: NDArray[np.uint8],
) -> int:
    """Write the series ``first`` to ``last`` with commas between them; return the length.

    Args:
        codes: int32 of shape (names, n), which label each series has under each name; see ``labels.LabelPairs``.
        pairs: The labels as JSON, one after the other.
        pair_bounds: Where each begins; an empty one is none.
        times: The times as JSON, one after the other.
        time_bounds: Where each begins.
        clocks: int64 of shape (n,), the time of each series' first value.
        values: The doubles' bits.
        offsets: int64 of shape (n + 1,), the bounds of each series' values.
        present: Which values exist, empty where all do.
        single: Each series has one value, under ``value``; else a list under ``values``.
        first: The first series.
        last: The one after the last series.
        out: Room for all of it.
    """
    at = 0
    for row in range(first, last):
        if row > first:
            out[at] = _COMMA
            at += 1
        at = copy(_METRIC, 0, len(_METRIC), out, at)
        at = write_labels(codes, pairs, pair_bounds, row, out, at)
        at = copy(_VALUE, 0, len(_VALUE), out, at) if single else copy(_VALUES, 0, len(_VALUES), out, at)
        begin = at
        for i in range(offsets[row], offsets[row + 1]):
            if len(present) and not present[i]:
                continue
            if at > begin:
                out[at] = _COMMA
                at += 1
            time = clocks[row] + i - offsets[row]
            out[at] = _OPEN_LIST
            at += 1
            for place in range(time_bounds[time], time_bounds[time + 1]):
                out[at] = times[place]
                at += 1
            out[at] = _COMMA
            out[at + 1] = _QUOTE
            at = write_value(values[i], out, at + 2)
            out[at] = _QUOTE
            out[at + 1] = _CLOSE_LIST
            at += 2
        if not single:
            out[at] = _CLOSE_LIST
            at += 1
        out[at] = _CLOSE_OBJECT
        at += 1
    return at


@compiled
def write_label_sets(
    codes: NDArray[np.int32],
    pairs: NDArray[np.uint8],
    bounds: NDArray[np.int64],
    first: int,
    last: int,
    out: NDArray[np.uint8],
) -> int:
    """Write the label sets ``first`` to ``last`` as objects with commas between them; return the length."""
    at = 0
    for row in range(first, last):
        if row > first:
            out[at] = _COMMA
            at += 1
        out[at] = _OPEN_OBJECT
        at = write_labels(codes, pairs, bounds, row, out, at + 1)
        out[at] = _CLOSE_OBJECT
        at += 1
    return at
