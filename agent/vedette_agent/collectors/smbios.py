"""Parses the tables of SMBIOS (DMTF DSP0134), as /sys/firmware/dmi/tables/DMI holds them: the memory modules."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import NamedTuple

_MEMORY_DEVICE = 17
_END_OF_TABLE = 127
_HEADER = struct.Struct("<BBH")

_SIZE = 0x0C
_LOCATOR = 0x10
_BANK = 0x11
_TYPE = 0x12
_SPEED = 0x15
_MANUFACTURER = 0x17
_SERIAL = 0x18
_PART = 0x1A
_EXTENDED_SIZE = 0x1C

_SIZE_UNKNOWN = 0xFFFF
_SIZE_EXTENDED = 0x7FFF
_SIZE_IN_KIB = 0x8000
_KIB = 1024
_MIB = 1024 * 1024

_TYPES = {
    0x0F: "SDRAM",
    0x12: "DDR",
    0x13: "DDR2",
    0x14: "DDR2 FB-DIMM",
    0x18: "DDR3",
    0x1A: "DDR4",
    0x1B: "LPDDR",
    0x1C: "LPDDR2",
    0x1D: "LPDDR3",
    0x1E: "LPDDR4",
    0x20: "HBM",
    0x21: "HBM2",
    0x22: "DDR5",
    0x23: "LPDDR5",
    0x24: "HBM3",
}
_NO_NAMES = frozenset({"", "not specified", "unknown", "none", "n/a", "empty", "no dimm", "not provided"})


class Structure(NamedTuple):
    """One structure: its formatted area, header included, and its strings."""

    kind: int
    area: bytes
    strings: tuple[str, ...]

    def number(self, offset: int, size: int) -> int:
        """Return the number at ``offset``; 0 where the structure, of an older version, ends before."""
        return int.from_bytes(self.area[offset : offset + size], "little")

    def text(self, offset: int) -> str:
        """Return the string that the byte at ``offset`` names; none where the firmware wrote that there is none."""
        place = self.number(offset, 1)
        text = self.strings[place - 1].strip() if 0 < place <= len(self.strings) else ""
        return "" if text.lower() in _NO_NAMES else text


class MemoryModule(NamedTuple):
    """A slot for memory, and the module in it where its size is not 0."""

    locator: str
    bank: str
    size_bytes: int
    kind: str
    speed: str
    """In MT/s."""
    manufacturer: str
    serial: str
    part: str


def parse_structures(table: bytes) -> Iterator[Structure]:
    """Yield the structures of a table, up to its end.

    Raises:
        ValueError: a structure is cut short.
    """
    offset = 0
    while offset + _HEADER.size <= len(table):
        kind, length, _ = _HEADER.unpack_from(table, offset)
        area = table[offset : offset + length]
        end = table.find(b"\0\0", offset + length)
        if length < _HEADER.size or len(area) < length or end < 0:
            raise ValueError("a structure of SMBIOS is cut short")
        raw = table[offset + length : end]
        yield Structure(kind, area, tuple(text.decode("utf-8", "replace") for text in raw.split(b"\0")))
        if kind == _END_OF_TABLE:
            return
        offset = end + 2


def parse_memory_modules(table: bytes) -> list[MemoryModule]:
    """Return the slots for memory in a table, the empty ones too.

    Raises:
        ValueError: a structure is cut short.
    """
    return [_memory_module(found) for found in parse_structures(table) if found.kind == _MEMORY_DEVICE]


def _memory_module(found: Structure) -> MemoryModule:
    speed = found.number(_SPEED, 2)
    return MemoryModule(
        locator=found.text(_LOCATOR),
        bank=found.text(_BANK),
        size_bytes=_size_bytes(found),
        kind=_TYPES.get(found.number(_TYPE, 1), ""),
        speed=str(speed) if speed else "",
        manufacturer=found.text(_MANUFACTURER),
        serial=found.text(_SERIAL),
        part=found.text(_PART),
    )


def _size_bytes(found: Structure) -> int:
    size = found.number(_SIZE, 2)
    if size == _SIZE_UNKNOWN:
        return 0
    if size == _SIZE_EXTENDED:
        return found.number(_EXTENDED_SIZE, 4) * _MIB
    return (size & ~_SIZE_IN_KIB) * (_KIB if size & _SIZE_IN_KIB else _MIB)
