"""Kernels of the block's codec: doubles to small integers and back, bit for bit.

The scaling is the idea of ALP (Afroozeh, Kuffó, Boncz: "ALP: Adaptive Lossless floating-Point Compression", SIGMOD
2023): a double that was written as a decimal is an integer over a power of ten, and the division gives it back exactly.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from vedette_server.compiled import compiled

Array = NDArray[Any]

MAX_EXPONENT = 14
CONSTANT = 254
RAW = 255

_POWERS = np.array([10.0**e for e in range(MAX_EXPONENT + 1)])
_EXACT = 2.0**53
_INTEGERS = 2.0**62
_PATCH_SHARE = 16


@compiled
def _scaled(value: float, exponent: int) -> tuple[Any, Any]:
    """Whether ``value`` is an integer over ``10**exponent``, and that integer."""
    if exponent == 0:
        if not -_INTEGERS < value < _INTEGERS:
            return False, 0
        whole = np.int64(value)
        return np.float64(whole) == value, whole
    product = value * _POWERS[exponent]
    if not -_EXACT < product < _EXACT:
        return False, 0
    whole = np.int64(np.rint(product))
    return np.float64(whole) / _POWERS[exponent] == value, whole


@compiled
def _misfits(values: Array, bits: Array, exponent: int, bound: int) -> int:
    """How many of ``values`` are no integers over ``10**exponent``; stops counting beyond ``bound``."""
    count = 0
    for i in range(len(values)):
        value = values[i]
        good, _ = _scaled(value, exponent)
        if not good or (value == 0.0 and bits[i] != 0):
            count += 1
            if count > bound:
                break
    return count


@compiled
def _mode(values: Array, bits: Array, hint: int) -> int:
    """The best way to write one series: ``CONSTANT``, an exponent, or ``RAW``."""
    same = True
    special = 0
    for i in range(len(values)):
        if bits[i] != bits[0]:
            same = False
        if not -_INTEGERS < values[i] < _INTEGERS:
            special += 1
    if same:
        return CONSTANT
    bound = special + len(values) // _PATCH_SHARE
    best, fewest = RAW, bound + 1
    if hint <= MAX_EXPONENT and (hint == 0 or _misfits(values, bits, hint - 1, special) > special):
        count = _misfits(values, bits, hint, bound)
        if count <= special:
            return hint
    for exponent in range(MAX_EXPONENT + 1):
        count = _misfits(values, bits, exponent, fewest)
        if count < fewest:
            best, fewest = exponent, count
            if count <= special:
                break
    return best


@compiled
def scale(values: Array, bits: Array, lengths: Array) -> tuple[Array, Array, Array, Array]:
    """Choose each series' mode and turn the values of scaled ones into integers.

    Args:
        values: float64 (n,), series after series.
        bits: The same as uint64.
        lengths: int64 (series,), all positive.

    Returns:
        (modes, integers, patches, patch_bits): uint8 (series,); int64 (n,), for series with an exponent; and uint32
        indices and uint64 bits of the values of scaled series that their exponent does not fit, whose integer repeats
        the one before.
    """
    modes = np.empty(len(lengths), np.uint8)
    integers = np.zeros(len(values), np.int64)
    patches = np.empty(len(values), np.uint32)
    patch_bits = np.empty(len(values), np.uint64)
    patched = 0
    at = 0
    hint = 0
    for i in range(len(lengths)):
        end = at + lengths[i]
        mode = _mode(values[at:end], bits[at:end], hint)
        modes[i] = mode
        if mode <= MAX_EXPONENT:
            hint = mode
            before: Any = np.int64(0)
            for j in range(at, end):
                good, whole = _scaled(values[j], mode)
                if good and not (values[j] == 0.0 and bits[j] != 0):
                    if (
                        patched > 0
                        and j > at
                        and patches[patched - 1] == j - 1
                        and _all_patched(patches, patched, at, j)
                    ):
                        for k in range(at, j):
                            integers[k] = whole
                    before = whole
                else:
                    patches[patched] = j
                    patch_bits[patched] = bits[j]
                    patched += 1
                integers[j] = before
        at = end
    return modes, integers, patches[:patched], patch_bits[:patched]


@compiled
def _all_patched(patches: Array, patched: int, begin: int, end: int) -> bool:
    """Whether every value of ``[begin, end)`` is patched."""
    return patched >= end - begin and patches[patched - (end - begin)] == begin


@compiled
def split(
    modes: Array, values: Array, bits: Array, integers: Array, lengths: Array
) -> tuple[Array, Array, Array, Array, Array, Array]:
    """Sort the values of a piece into streams of a kind.

    Returns:
        (constants, raws, firsts, slopes, steps, bends): the bits of constant series (uint64); the values of raw series
        (float64); of the scaled series the first integers, the second ones minus the first, and then for all from the
        third on the first differences and the second differences (int64).
    """
    count, total = len(lengths), len(values)
    constants = np.empty(count, np.uint64)
    raws = np.empty(total, np.float64)
    firsts = np.empty(count, np.int64)
    slopes = np.empty(count, np.int64)
    steps = np.empty(total, np.int64)
    bends = np.empty(total, np.int64)
    n_constants = n_raws = n_firsts = n_slopes = n_steps = 0
    at = 0
    for i in range(count):
        end = at + lengths[i]
        if modes[i] == CONSTANT:
            constants[n_constants] = bits[at]
            n_constants += 1
        elif modes[i] == RAW:
            for j in range(at, end):
                raws[n_raws] = values[j]
                n_raws += 1
        else:
            firsts[n_firsts] = integers[at]
            n_firsts += 1
            if lengths[i] > 1:
                slopes[n_slopes] = integers[at + 1] - integers[at]
                n_slopes += 1
            for j in range(at + 2, end):
                step = integers[j] - integers[j - 1]
                steps[n_steps] = step
                bends[n_steps] = step - (integers[j - 1] - integers[j - 2])
                n_steps += 1
        at = end
    return (
        constants[:n_constants],
        raws[:n_raws],
        firsts[:n_firsts],
        slopes[:n_slopes],
        steps[:n_steps],
        bends[:n_steps],
    )


@compiled
def _fits(modes: Array, lengths: Array, total: int, sizes: tuple[int, int, int, int, int]) -> bool:
    """Whether streams of these sizes are what the modes and lengths ask for."""
    constants = raws = firsts = slopes = rest = values = 0
    for i in range(len(lengths)):
        if lengths[i] <= 0 or MAX_EXPONENT < modes[i] < CONSTANT:
            return False
        values += lengths[i]
        if modes[i] == CONSTANT:
            constants += 1
        elif modes[i] == RAW:
            raws += lengths[i]
        else:
            firsts += 1
            slopes += lengths[i] > 1
            rest += max(0, lengths[i] - 2)
    return values == total and sizes == (constants, raws, firsts, slopes, rest)


@compiled
def join(
    modes: Array,
    lengths: Array,
    constants: Array,
    raws: Array,
    firsts: Array,
    slopes: Array,
    rest: Array,
    order: int,
    out: Array,
) -> bool:
    """The inverse of ``split``: write the bits of all values to ``out`` (uint64).

    Args:
        raws: The bits of the raw values, uint64.
        rest: The differences of this ``order``.

    Returns:
        Whether the streams have just the lengths that the modes ask for; if not, nothing is written.
    """
    if not _fits(modes, lengths, len(out), (len(constants), len(raws), len(firsts), len(slopes), len(rest))):
        return False
    n_constants = n_raws = n_firsts = n_slopes = n_rest = 0
    floats = out.view(np.float64)
    at = 0
    for i in range(len(lengths)):
        end = at + lengths[i]
        if modes[i] == CONSTANT:
            out[at:end] = constants[n_constants]
            n_constants += 1
        elif modes[i] == RAW:
            out[at:end] = raws[n_raws : n_raws + lengths[i]]
            n_raws += lengths[i]
        else:
            power = _POWERS[modes[i]]
            number = firsts[n_firsts]
            n_firsts += 1
            floats[at] = np.float64(number) / power
            step = np.int64(0)
            if lengths[i] > 1:
                step = slopes[n_slopes]
                n_slopes += 1
                number += step
                floats[at + 1] = np.float64(number) / power
            for j in range(at + 2, end):
                step = step + rest[n_rest] if order == 2 else rest[n_rest]
                n_rest += 1
                number += step
                floats[j] = np.float64(number) / power
        at = end
    return True


@compiled
def join_integers(lengths: Array, firsts: Array, slopes: Array, rest: Array, out: Array) -> bool:
    """As ``join``, for clocks: integers whose second differences are ``rest``."""
    at = n_slopes = n_rest = 0
    if len(firsts) != len(lengths):
        return False
    for i in range(len(lengths)):
        length = lengths[i]
        if length <= 0 or at + length > len(out):
            return False
        number = firsts[i]
        out[at] = number
        if length > 1:
            if n_slopes >= len(slopes) or n_rest + length - 2 > len(rest):
                return False
            step = slopes[n_slopes]
            n_slopes += 1
            number += step
            out[at + 1] = number
            for j in range(at + 2, at + length):
                step += rest[n_rest]
                n_rest += 1
                number += step
                out[j] = number
        at += length
    return at == len(out) and n_slopes == len(slopes) and n_rest == len(rest)
