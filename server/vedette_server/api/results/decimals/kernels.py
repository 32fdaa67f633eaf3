"""Compiled writing of numbers: values as their shortest decimals, times as seconds.

The decimals are found by Raffaello Giulietti's Schubfach ("The Schubfach way to render doubles", 2020): of the decimals
that read back as the double the shortest, and of those the nearest. ``vedette_server.api.numbers`` holds the twins.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from vedette_server.api.results.decimals.powers import LEAST, powers_of_ten
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

_NAN = np.frombuffer(b"NaN", np.uint8)
_POSITIVE, _NEGATIVE = np.frombuffer(b"+Inf", np.uint8), np.frombuffer(b"-Inf", np.uint8)
_DOT, _MINUS, _PLUS, _DIGIT, _E = 46, 45, 43, 48, 101


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
