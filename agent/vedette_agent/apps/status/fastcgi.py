"""One GET over FastCGI, as a web server would ask: bytes in, bytes out, no I/O.

Source: the FastCGI specification 1.0 (records, name-value pairs, the responder's role) and, for the head of a response,
RFC 3875, section 6. A record is::

    version u8 = 1 | type u8 | request id u16 | length of content u16 | length of padding u8 | reserved u8
    content | padding
"""

from __future__ import annotations

import enum
import re
import struct
from collections.abc import Mapping
from dataclasses import dataclass

from vedette_agent.apps.status.errors import FastCgiError, excerpt

MOST_BYTES = 4 << 20
"""Bound of an answer unless the caller sets another."""

_VERSION = 1
_RECORD = struct.Struct(">BBHHBx")
_BEGIN = struct.Struct(">HB5x")
_END = struct.Struct(">IB3x")
_RESPONDER = 1
_CLOSE_AFTERWARDS = 0
_MOST_CONTENT = 0xFFFF
_SHORT_LENGTH = 0x7F
_LONG_LENGTH = 0x8000_0000
_MOST_STDERR = 4096

_HEAD_END = re.compile(rb"\r?\n\r?\n")
_STATUS = re.compile(r"([1-5][0-9]{2})(?: .*)?")
_REFUSALS = {
    1: "it cannot take another request on this connection",
    2: "it is overloaded",
    3: "it does not know the role",
}


class _Type(enum.IntEnum):
    BEGIN_REQUEST = 1
    END_REQUEST = 3
    PARAMS = 4
    STDIN = 5
    STDOUT = 6
    STDERR = 7


@dataclass(frozen=True, slots=True)
class Response:
    """What an application answered.

    Attributes:
        status: Of HTTP; 200 where the application tells none.
        headers: In the order in which they came, names in lower case, ``status`` among them.
        body: What follows the head.
        stderr: The first bytes of what the application logged with the request.
    """

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    stderr: bytes = b""


def encode_request(params: Mapping[str, str], request_id: int = 1) -> bytes:
    """Return the records of a request of the responder's role without a body; the application closes afterwards.

    Raises:
        ValueError: ``request_id`` is not of 16 bits, or 0, which is the connection's own.
    """
    if not 0 < request_id <= 0xFFFF:
        raise ValueError(f"request id {request_id} is not from 1 to 65535")
    pairs = b"".join(_pair(name.encode(), value.encode()) for name, value in params.items())
    records = [_record(_Type.BEGIN_REQUEST, request_id, _BEGIN.pack(_RESPONDER, _CLOSE_AFTERWARDS))]
    records += (
        _record(_Type.PARAMS, request_id, pairs[start : start + _MOST_CONTENT])
        for start in range(0, len(pairs), _MOST_CONTENT)
    )
    # A record without content ends its stream.
    records += (_record(_Type.PARAMS, request_id, b""), _record(_Type.STDIN, request_id, b""))
    return b"".join(records)


def _record(kind: _Type, request_id: int, content: bytes) -> bytes:
    padding = -len(content) % 8
    return _RECORD.pack(_VERSION, kind, request_id, len(content), padding) + content + bytes(padding)


def _pair(name: bytes, value: bytes) -> bytes:
    return _length(len(name)) + _length(len(value)) + name + value


def _length(size: int) -> bytes:
    return bytes((size,)) if size <= _SHORT_LENGTH else (size | _LONG_LENGTH).to_bytes(4, "big")


class Reader:
    """Reads the answer to one request as its bytes come, in pieces of any size."""

    def __init__(self, request_id: int = 1, most_bytes: int = MOST_BYTES) -> None:
        self._request_id = request_id
        self._left = self._most_bytes = most_bytes
        self._buffer = bytearray()
        self._stdout = bytearray()
        self._stderr = bytearray()

    def feed(self, data: bytes) -> Response | None:
        """Take what was read from the connection; returns the response once it is whole, ``None`` before that.

        ``data`` without bytes says that the connection ended. What follows a whole response is not looked at.

        Raises:
            FastCgiError: the bytes are not FastCGI, are an end too early or too many, or the application refused.
        """
        if not data:
            raise FastCgiError(f"FastCGI: the connection ended before the response did{self._said()}")
        self._left -= len(data)
        self._buffer += data
        response = self._read_records()
        if response is None and self._left < 0:
            raise FastCgiError(f"FastCGI: the answer is larger than {self._most_bytes} bytes")
        return response

    def _read_records(self) -> Response | None:
        start = 0
        while len(self._buffer) - start >= _RECORD.size:
            version, kind, request_id, length, padding = _RECORD.unpack_from(self._buffer, start)
            if version != _VERSION:
                raise FastCgiError(f"not FastCGI: a record begins with {excerpt(bytes(self._buffer[start:]))}")
            content_at = start + _RECORD.size
            end = content_at + length + padding
            if end > len(self._buffer):
                break
            content = bytes(self._buffer[content_at : content_at + length])
            start = end
            # Records of the connection itself bear 0, those of requests never made are to be passed over.
            if request_id == self._request_id and (response := self._take(kind, content)) is not None:
                return response
        del self._buffer[:start]
        return None

    def _take(self, kind: int, content: bytes) -> Response | None:
        if kind == _Type.STDOUT:
            self._stdout += content
        elif kind == _Type.STDERR:
            self._stderr += content[: _MOST_STDERR - len(self._stderr)]
        elif kind == _Type.END_REQUEST:
            return self._end(content)
        else:
            raise FastCgiError(f"FastCGI: a record of type {kind} is none that answers a request")
        return None

    def _end(self, content: bytes) -> Response:
        if len(content) < _END.size:
            raise FastCgiError(f"FastCGI: the record that ends the request has {len(content)} bytes, not {_END.size}")
        _, refusal = _END.unpack_from(content)
        if refusal:
            why = _REFUSALS.get(refusal, f"protocol status {refusal}")
            raise FastCgiError(f"FastCGI: the application refused the request: {why}{self._said()}")
        return _split(bytes(self._stdout), bytes(self._stderr), self._said())

    def _said(self) -> str:
        return f"; it said {excerpt(bytes(self._stderr))}" if self._stderr.strip() else ""


def _split(stdout: bytes, stderr: bytes, said: str) -> Response:
    end = _HEAD_END.search(stdout)
    if end is None:
        raise FastCgiError(f"FastCGI: no head in the response {excerpt(stdout)}{said}")
    headers: list[tuple[str, str]] = []
    for line in stdout[: end.start()].decode("latin-1").split("\n"):
        name, colon, value = line.partition(":")
        if not colon or not name.strip():
            raise FastCgiError(f"FastCGI: {excerpt(line)} is not a header{said}")
        headers.append((name.strip().lower(), value.strip()))
    told = next((value for name, value in headers if name == "status"), "200")
    status = _STATUS.fullmatch(told)
    if status is None:
        raise FastCgiError(f"FastCGI: {excerpt(told)} is not a status{said}")
    return Response(int(status[1]), tuple(headers), stdout[end.end() :], stderr)
