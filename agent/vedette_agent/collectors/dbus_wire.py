"""The wire format of D-Bus, as much as a caller of methods needs (https://dbus.freedesktop.org/doc/dbus-specification.html).

No I/O happens here: calls become bytes, and bytes become replies."""

from __future__ import annotations

import struct
import sys
from typing import Any, NamedTuple

METHOD_CALL = 1
METHOD_RETURN = 2
ERROR = 3

_LITTLE, _BIG = "l", "B"
_NATIVE = _LITTLE if sys.byteorder == "little" else _BIG
_VERSION = 1
_HEADER_BYTES = 16
_MAX_BYTES = 2**27
_MAX_DEPTH = 64

_PATH, _INTERFACE, _MEMBER, _ERROR_NAME, _REPLY_SERIAL, _DESTINATION, _SIGNATURE = 1, 2, 3, 4, 5, 6, 8
_NUMBERS = {"y": "B", "n": "h", "q": "H", "i": "i", "u": "I", "x": "q", "t": "Q", "d": "d", "b": "I", "h": "I"}
_ALIGNMENTS = {"s": 4, "o": 4, "a": 4, "(": 8, "{": 8, "g": 1, "v": 1} | {
    code: struct.calcsize(f"={number}") for code, number in _NUMBERS.items()
}


class Message(NamedTuple):
    """A message that came in. ``body`` holds one value for each type of its signature."""

    kind: int
    reply_serial: int
    error: str
    body: tuple[Any, ...]


def encode_call(
    serial: int, destination: str, path: str, interface: str, member: str, arguments: tuple[str, ...] = ()
) -> bytes:
    """Return a call of a method whose arguments are strings."""
    body = b""
    for argument in arguments:
        body += bytes(-len(body) % 4) + _string(argument)
    fields = [
        (_PATH, "o", _string(path)),
        (_DESTINATION, "s", _string(destination)),
        (_INTERFACE, "s", _string(interface)),
        (_MEMBER, "s", _string(member)),
    ]
    if arguments:
        fields.append((_SIGNATURE, "g", _signature("s" * len(arguments))))
    array = b""
    for code, kind, value in fields:
        array += bytes(-len(array) % 8) + bytes([code]) + _signature(kind) + value
    head = struct.pack("=cBBBIII", _NATIVE.encode(), METHOD_CALL, 0, _VERSION, len(body), serial, len(array)) + array
    return head + bytes(-len(head) % 8) + body


def _string(text: str) -> bytes:
    raw = text.encode()
    return struct.pack("=I", len(raw)) + raw + b"\0"


def _signature(text: str) -> bytes:
    raw = text.encode()
    return bytes([len(raw)]) + raw + b"\0"


def message_bytes(head: bytes) -> int:
    """Return how long the message is that starts with ``head``, its first 16 bytes.

    Raises:
        ValueError: it is not a message, or too long for one.
    """
    if len(head) < _HEADER_BYTES:
        raise ValueError("a D-Bus message is cut short")
    order = _order(head)
    body, _, fields = struct.unpack_from(f"{order}III", head, 4)
    length = _HEADER_BYTES + fields + (-fields % 8) + body
    if length > _MAX_BYTES:
        raise ValueError(f"a D-Bus message of {length} bytes is too long")
    return int(length)


def decode_message(data: bytes) -> Message:
    """Return the message in ``data``, which is as long as ``message_bytes`` says.

    Raises:
        ValueError: it is malformed.
    """
    order = _order(data)
    try:
        reader = _Reader(data, order, 12)
        fields = {code: value for code, (_, value) in reader.read("a(yv)")}
        reader.align(8)
        signature = fields.get(_SIGNATURE, "")
        body = tuple(reader.read(kind) for kind in split_signature(signature))
    except (struct.error, UnicodeDecodeError, IndexError, KeyError) as error:
        raise ValueError(f"a D-Bus message is malformed: {error!r}") from error
    return Message(data[1], fields.get(_REPLY_SERIAL, 0), fields.get(_ERROR_NAME, ""), body)


def _order(data: bytes) -> str:
    orders = {_LITTLE: "<", _BIG: ">"}
    order = orders.get(chr(data[0]))
    if order is None or data[3] != _VERSION:
        raise ValueError("not a D-Bus message")
    return order


def split_signature(signature: str) -> list[str]:
    """Return the complete types of a signature: ``sa(us)`` is ``s`` and ``a(us)``.

    Raises:
        ValueError: a bracket is not closed.
    """
    kinds = []
    start = 0
    while start < len(signature):
        end = _end_of_type(signature, start)
        kinds.append(signature[start:end])
        start = end
    return kinds


def _end_of_type(signature: str, start: int) -> int:
    while signature[start : start + 1] == "a":
        start += 1
    if signature[start : start + 1] not in {"(", "{"}:
        return start + 1
    depth = 0
    for place in range(start, len(signature)):
        depth += (signature[place] in "({") - (signature[place] in ")}")
        if depth == 0:
            return place + 1
    raise ValueError(f"{signature!r} is not a D-Bus signature")


class _Reader:
    """Reads values one after the other; arrays are lists, structures tuples, and variants pairs of type and value."""

    def __init__(self, data: bytes, order: str, offset: int) -> None:
        self._data = data
        self._order = order
        self._offset = offset
        self._depth = 0

    def align(self, alignment: int) -> None:
        self._offset += -self._offset % alignment

    def read(self, kind: str) -> Any:
        code = kind[0]
        self.align(_ALIGNMENTS[code])
        if code in _NUMBERS:
            return self._number(_NUMBERS[code])
        if code in {"s", "o"}:
            return self._text(self._number("I"))
        if code == "g":
            return self._text(self._number("B"))
        self._depth += 1
        if self._depth > _MAX_DEPTH:
            raise ValueError("a D-Bus message is nested too deeply")
        value = self._container(code, kind)
        self._depth -= 1
        return value

    def _container(self, code: str, kind: str) -> Any:
        if code == "v":
            inner = self._text(self._number("B"))
            return inner, self.read(inner)
        if code == "a":
            return self._array(kind[1:])
        return tuple(self.read(part) for part in split_signature(kind[1:-1]))

    def _array(self, kind: str) -> list[Any]:
        length = self._number("I")
        self.align(_ALIGNMENTS[kind[0]])
        end = self._offset + length
        if end > len(self._data):
            raise ValueError("a D-Bus array is longer than its message")
        values = []
        while self._offset < end:
            values.append(self.read(kind))
        return values

    def _number(self, code: str) -> Any:
        (number,) = struct.unpack_from(f"{self._order}{code}", self._data, self._offset)
        self._offset += struct.calcsize(f"={code}")
        return number

    def _text(self, length: int) -> str:
        end = self._offset + length
        text = self._data[self._offset : end].decode()
        if end >= len(self._data):
            raise ValueError("a D-Bus string is longer than its message")
        self._offset = end + 1
        return text
