"""Kernels that copy out of many pieces at once: one call for all of them, where calls would cost more than the copying.

A piece is given by the address of its numbers, of eight bytes each, or by 0 where it is damaged; whoever calls holds
the pieces meanwhile.
"""

from __future__ import annotations

import ctypes
from typing import Any

import numba
import numpy as np
from numba import types
from numba.extending import intrinsic, overload
from numpy.typing import NDArray

from vedette_server.compiled import compiled, compiled_by

Array = NDArray[Any]


def words_at(address: int, size: int) -> Array:
    """The ``size`` numbers in memory from ``address`` on, as int64, without a copy."""
    memory = (ctypes.c_int64 * int(size)).from_address(int(address))
    return np.frombuffer(memoryview(memory), np.int64)


@intrinsic
def _pointer(typing: Any, address: Any = None) -> Any:  # noqa: ARG001  the signature is numba's
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.inttoptr(arguments[0], context.get_value_type(signature.return_type))

    pointer: Any = types.CPointer
    return pointer(types.int64)(address), generate


_carray: Any = numba.carray  # type: ignore[attr-defined]


@overload(words_at)
def _compiled_words_at(address: Any, size: Any) -> Any:  # noqa: ARG001
    def view(address: Any, size: Any) -> Any:
        return _carray(_pointer(address), size)

    return view


@compiled
def by_piece(piece_starts: Array, places: Array) -> tuple[Array, Array, Array]:
    """Sort places by the piece that each is in.

    Args:
        piece_starts: int64 (pieces + 1,), ascending.
        places: int64 (n,), from ``piece_starts[0]`` to below ``piece_starts[-1]``.

    Returns:
        (needed, bounds, order): int64 (k,), the pieces that hold any of the places, ascending; int64 (k + 1,), where
        each one's places begin in ``order``; int64 (n,), the indices of the places.
    """
    n = len(places)
    pieces = np.empty(n, np.int64)
    lowest, highest = len(piece_starts), -1
    piece = 0
    for i in range(n):
        place = places[i]
        if i == 0 or not piece_starts[piece] <= place < piece_starts[piece + 1]:
            piece = np.searchsorted(piece_starts, place, side="right") - 1
            lowest, highest = min(lowest, piece), max(highest, piece)
        pieces[i] = piece
    ends = np.zeros(max(highest - lowest + 2, 1), np.int64)
    for i in range(n):
        ends[pieces[i] - lowest + 1] += 1
    needed = np.empty(len(ends) - 1, np.int64)
    bounds = np.zeros(len(ends), np.int64)
    k = 0
    for i in range(len(ends) - 1):
        if ends[i + 1]:
            needed[k] = lowest + i
            bounds[k + 1] = bounds[k] + ends[i + 1]
            k += 1
        ends[i + 1] += ends[i]
    order = np.empty(n, np.int64)
    for i in range(n):
        at = pieces[i] - lowest
        order[ends[at]] = i
        ends[at] += 1
    return needed[:k], bounds[: k + 1], order


@compiled_by(entries=1)
def find_values(
    entry_starts: Array, slot_offsets: Array, entries: Array, slots: Array, first_rows: Array, pieces: Array
) -> tuple[Array, Array, Array, Array]:
    """Find the values of series from their ``first_rows`` on; the layout's arrays are those of ``PieceLayout``.

    Returns:
        (places, needed, bounds, order): int64 (n,), and what ``by_piece`` says of them.
    """
    places = np.empty(len(entries), np.int64)
    for i in range(len(entries)):
        places[i] = entry_starts[entries[i]] + slot_offsets[slots[i]] + first_rows[i]
    needed, bounds, order = by_piece(pieces, places)
    return places, needed, bounds, order


@compiled
def copy_values(
    addresses: Array,
    pieces: Array,
    piece_starts: Array,
    bounds: Array,
    order: Array,
    places: Array,
    counts: Array,
    values: Array,
    at: Array,
    absent: int,
) -> None:
    """Copy ``counts[i]`` values from place ``places[i]`` on to ``values[at[i]:]`` for every i that stands in a piece.

    Args:
        addresses: int64 (k,), where the pieces are in memory.
        pieces: int64 (k,), their numbers.
        piece_starts: int64, the place of the first value of each piece of all.
        bounds: int64 (k + 1,), where each one's indices begin in ``order``.
        order: int64, the indices, piece after piece.
        places: int64 (n,).
        counts: int64 (n,).
        values: int64, the bits.
        at: int64 (n,).
        absent: What is written in place of a damaged piece's values.
    """
    for piece in range(len(addresses)):
        address = addresses[piece] - 8 * piece_starts[pieces[piece]]
        for j in range(bounds[piece], bounds[piece + 1]):
            i = order[j]
            goal, count = at[i], counts[i]
            if addresses[piece] == 0:
                for k in range(count):
                    values[goal + k] = absent
                continue
            source = words_at(address + 8 * places[i], count)
            for k in range(count):
                values[goal + k] = source[k]


@compiled
def distinct(numbers: Array) -> tuple[Array, Array]:
    """Return (distinct, which): the different ones among ``numbers`` (int32, not negative), ascending, and for each of
    ``numbers`` its index in them; int64 both.
    """
    lowest, highest = 0, -1
    for i in range(len(numbers)):
        if i == 0 or numbers[i] < lowest:
            lowest = numbers[i]
        if i == 0 or numbers[i] > highest:
            highest = numbers[i]
    ranks = np.full(max(highest - lowest + 1, 0), -1, np.int64)
    for i in range(len(numbers)):
        ranks[numbers[i] - lowest] = 0
    found = np.empty(len(ranks), np.int64)
    count = 0
    for i in range(len(ranks)):
        if ranks[i] == 0:
            found[count] = lowest + i
            ranks[i] = count
            count += 1
    which = np.empty(len(numbers), np.int64)
    for i in range(len(numbers)):
        which[i] = ranks[numbers[i] - lowest]
    return found[:count], which


@compiled_by(slots=100)
def find_clocks(
    slot_clocks: Array, slots: Array, clock_starts: Array, pieces: Array
) -> tuple[Array, Array, Array, Array, Array, Array]:
    """Find the clocks of slots; the layout's arrays are those of ``PieceLayout``.

    Returns:
        (which, places, counts, needed, bounds, order): int64 (slots,), each slot's clock among those that are found;
        for each of these where its ticks begin and how many there are; and what ``by_piece`` says of the places.
    """
    clocks, which = distinct(slot_clocks[slots])
    places = clock_starts[clocks]
    counts = clock_starts[clocks + 1] - places
    needed, bounds, order = by_piece(pieces, places)
    return which, places, counts, needed, bounds, order


@compiled
def cut_clocks(
    addresses: Array,
    pieces: Array,
    piece_starts: Array,
    bounds: Array,
    order: Array,
    places: Array,
    counts: Array,
    which: Array,
    start: int,
    end: int,
) -> tuple[Array, Array, Array, Array]:
    """Cut clocks to ``start <= t <= end``; see ``find_clocks`` and ``copy_values`` for the arguments.

    Returns:
        (first, kept, begins, timestamps): for each slot its clock's first tick in the range and how many there are,
        none if its piece is damaged; and where they begin in ``timestamps``.
    """
    n = len(places)
    first, kept, begins = np.zeros(n, np.int64), np.zeros(n, np.int64), np.zeros(n, np.int64)
    total = 0
    for piece in range(len(addresses)):
        address = addresses[piece] - 8 * piece_starts[pieces[piece]]
        for j in range(bounds[piece], bounds[piece + 1]):
            i = order[j]
            begins[i] = total
            if addresses[piece] != 0:
                clock = words_at(address + 8 * places[i], counts[i])
                low = np.searchsorted(clock, start, side="left")
                first[i], kept[i] = low, np.searchsorted(clock, end, side="right") - low
                total += kept[i]
    timestamps = np.empty(total, np.int64)
    for piece in range(len(addresses)):
        address = addresses[piece] - 8 * piece_starts[pieces[piece]]
        for j in range(bounds[piece], bounds[piece + 1]):
            i = order[j]
            if kept[i] == 0:
                continue
            clock = words_at(address + 8 * (places[i] + first[i]), kept[i])
            for k in range(kept[i]):
                timestamps[begins[i] + k] = clock[k]
    return first[which], kept[which], begins[which], timestamps
