"""Indexes of rows, and values as texts (RFC 2578, section 7.7)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from vedette_agent.snmp.ber import encode_arcs, format_oid
from vedette_agent.snmp.declarations import Index
from vedette_agent.snmp.errors import MalformedError
from vedette_agent.snmp.message import Value

_MAC_SIZE = 6
_IP_SIZE = 4
_MAX_BYTE = 255


@dataclass(frozen=True, slots=True)
class RowIndex:
    """The parts of an index by label: as texts, and encoded as they stand in identifiers."""

    texts: dict[str, str]
    raw: dict[str, bytes]


def read_index(parts: Sequence[Index], arcs: Sequence[int]) -> RowIndex:
    """Return what the numbers behind a column mean.

    Raises:
        MalformedError: they are not what ``parts`` declare.
    """
    texts: dict[str, str] = {}
    raw: dict[str, bytes] = {}
    at = 0
    for part in parts:
        skip, size = _extent(part, arcs[at:])
        inner = arcs[at + skip : at + skip + size]
        if len(inner) != size:
            raise MalformedError(f"an index is too short for {part.label}")
        texts[part.label] = _index_text(part, inner)
        raw[part.label] = encode_arcs(arcs[at : at + skip + size])
        at += skip + size
    if at != len(arcs):
        raise MalformedError("an index is longer than declared")
    return RowIndex(texts, raw)


def _extent(part: Index, arcs: Sequence[int]) -> tuple[int, int]:
    """How many numbers tell the length of a part, and how many are the part."""
    if part.type == "integer":
        return 0, 1
    if part.type in ("mac", "ip"):
        return 0, _MAC_SIZE if part.type == "mac" else _IP_SIZE
    if part.implied:
        return 0, len(arcs)
    if part.size:
        return 0, part.size
    return 1, arcs[0] if arcs else 1


def _index_text(part: Index, arcs: Sequence[int]) -> str:
    if part.type == "integer":
        return part.enum.get(str(arcs[0]), str(arcs[0]))
    if part.type == "oid":
        return ".".join(map(str, arcs))
    if any(arc > _MAX_BYTE for arc in arcs):
        raise MalformedError(f"an index holds no bytes where {part.label} belongs")
    return shown(bytes(arcs), part.type)


def shown(value: Value, kind: str) -> str:
    """Return a value as a label shows it. ``kind`` is that of a metric, an index or a lookup."""
    if not isinstance(value, bytes):
        return "" if value is None else str(value)
    if kind == "mac":
        return ":".join(f"{byte:02X}" for byte in value[:_MAC_SIZE].ljust(_MAC_SIZE, b"\0"))
    if kind == "ip":
        return ".".join(map(str, value))
    if kind == "oid":
        return format_oid(value)
    if kind == "hex":
        return "0x" + value.hex().upper() if value else ""
    return value.rstrip(b"\0").decode("utf-8", "replace")
