"""The wire format of Protocol Buffers (https://protobuf.dev/programming-guides/encoding/), read without a schema."""

from __future__ import annotations

from collections.abc import Iterator
from struct import Struct
from typing import TypeAlias

from vedette_shared.errors import ExpositionError

VARINT, FIXED64, LENGTH, FIXED32 = 0, 1, 2, 5

Field: TypeAlias = "tuple[int, int, int]"
"""(tag, value, where the field ends). ``value`` is the number of a varint; of others, where their bytes begin."""

_MORE, _SEVEN_BITS = 0x80, 0x7F
_MOST_VARINT_BITS = 64
_INT64_SIGN = 1 << 63
_FIXED_SIZES = {FIXED64: 8, FIXED32: 4}

unpack_double = Struct("<d").unpack_from
"""``unpack_double(page, at)`` is a tuple of the one double there."""


def read_fields(page: bytes, at: int, end: int) -> Iterator[Field]:
    """Return the fields of the message ``page[at:end]`` in their order; no field reaches beyond it.

    Messages within it are fields of bytes here, so that depth costs nothing.

    Raises:
        ExpositionError: the message is cut short or no message.
    """
    while at < end:
        begin = at
        tag = page[at]
        at += 1
        if tag & _MORE:
            tag, at = read_varint(page, begin, end)
        kind = tag & 7
        if kind == LENGTH:
            value, stop = read_span(page, at, end)
        elif kind == VARINT:
            value, stop = read_varint(page, at, end)
        elif kind in _FIXED_SIZES:
            value, stop = at, at + _FIXED_SIZES[kind]
        else:
            raise ExpositionError(f"a field of wire type {kind}, which metrics do not have", byte=begin)
        if tag < 8:
            raise ExpositionError("a field of number 0, which does not exist", byte=begin)
        if stop > end:
            raise ExpositionError("a field reaches beyond the end of its message", byte=begin)
        yield tag, value, stop
        at = stop


def read_span(page: bytes, at: int, end: int) -> tuple[int, int]:
    """Return where the bytes begin and end whose length stands at ``page[at]``.

    Raises:
        ExpositionError: there are fewer before ``end``.
    """
    if at < end and page[at] < _MORE:
        size, begin = page[at], at + 1
    else:
        size, begin = read_varint(page, at, end)
    if begin + size > end:
        # A negative length, too: as a varint it is a very large one.
        raise ExpositionError(f"{size} bytes should follow, and {end - begin} do: cut short or damaged", byte=at)
    return begin, begin + size


def read_varint(page: bytes, at: int, end: int) -> tuple[int, int]:
    """Return the number at ``page[at]``, 64 bits without a sign, and where it ends.

    Raises:
        ExpositionError: it is cut short, or longer than ten bytes.
    """
    value = bits = 0
    for place in range(at, end):
        byte = page[place]
        value |= (byte & _SEVEN_BITS) << bits
        if byte < _MORE:
            return value & (1 << _MOST_VARINT_BITS) - 1, place + 1
        bits += 7
        if bits >= _MOST_VARINT_BITS + 6:
            raise ExpositionError("a number of more than ten bytes", byte=at)
    raise ExpositionError("the page is cut short within a number", byte=at)


def signed(value: int) -> int:
    """Return the ``int64`` that a varint of 64 bits stands for."""
    return (value ^ _INT64_SIGN) - _INT64_SIGN
