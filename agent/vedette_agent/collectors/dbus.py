"""Calls methods over D-Bus, many at a time, through a blocking socket with a deadline."""

from __future__ import annotations

import os
import socket
from collections.abc import Sequence
from typing import Any, NamedTuple

from vedette_agent.collectors.dbus_wire import (
    ERROR,
    METHOD_RETURN,
    Message,
    decode_message,
    encode_call,
    message_bytes,
)
from vedette_agent.errors import CollectorError

_BUS = "org.freedesktop.DBus"
_BUS_PATH = "/org/freedesktop/DBus"
_HEADER_BYTES = 16
_MAX_LINE_BYTES = 16_384
_RECEIVE_BYTES = 65_536
_CALLS_AT_A_TIME = 64
"""A bus bounds how many answers one connection may be owed."""


class Call(NamedTuple):
    """A method to call, with strings for arguments."""

    destination: str
    path: str
    interface: str
    member: str
    arguments: tuple[str, ...] = ()


class DbusConnection:
    """A connection to a bus. Every method raises OSError, TimeoutError among them, where the bus goes away or is slow.

    Args:
        path: Of the bus' socket.
        timeout: Seconds that the bus may take for each part of an answer.
    """

    def __init__(self, path: str, timeout: float) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
        self._serial = 0
        self._received = b""
        try:
            self._socket.settimeout(timeout)
            self._socket.connect(path)
            self._authenticate()
            self.call([Call(_BUS, _BUS_PATH, _BUS, "Hello")])
        except BaseException:
            self._socket.close()
            raise

    def close(self) -> None:
        """Close the connection."""
        self._socket.close()

    def call(self, calls: Sequence[Call]) -> list[tuple[Any, ...] | CollectorError]:
        """Call all methods and return their answers in order; an error of a method stands in place of its answer.

        Raises:
            ValueError: the bus sends what is no message.
        """
        answers: list[tuple[Any, ...] | CollectorError] = []
        for start in range(0, len(calls), _CALLS_AT_A_TIME):
            answers += self._call_some(calls[start : start + _CALLS_AT_A_TIME])
        return answers

    def _call_some(self, calls: Sequence[Call]) -> list[tuple[Any, ...] | CollectorError]:
        first = self._serial + 1
        self._serial += len(calls)
        self._socket.sendall(b"".join(encode_call(first + place, *call) for place, call in enumerate(calls)))
        answers: dict[int, tuple[Any, ...] | CollectorError] = {}
        while len(answers) < len(calls):
            message = self._receive()
            place = message.reply_serial - first
            if message.kind in {METHOD_RETURN, ERROR} and 0 <= place < len(calls):
                failed = message.kind == ERROR
                answers[place] = CollectorError(_explain(calls[place], message)) if failed else message.body
        return [answers[place] for place in range(len(calls))]

    def _authenticate(self) -> None:
        """Say who we are, which the kernel confirms."""
        self._socket.sendall(b"\0AUTH EXTERNAL " + str(os.geteuid()).encode().hex().encode() + b"\r\n")
        line = self._receive_line()
        if not line.startswith(b"OK "):
            raise PermissionError(f"the bus refuses us: {line.decode('ascii', 'replace')}")
        self._socket.sendall(b"BEGIN\r\n")

    def _receive_line(self) -> bytes:
        while b"\r\n" not in self._received:
            if len(self._received) > _MAX_LINE_BYTES:
                raise ValueError("the bus sends a line without an end")
            self._receive_more()
        line, _, self._received = self._received.partition(b"\r\n")
        return line

    def _receive(self) -> Message:
        while len(self._received) < _HEADER_BYTES:
            self._receive_more()
        length = message_bytes(self._received[:_HEADER_BYTES])
        if len(self._received) < length:
            parts = [self._received]
            missing = length - len(self._received)
            while missing > 0:
                parts.append(self._part())
                missing -= len(parts[-1])
            self._received = b"".join(parts)
        message, self._received = self._received[:length], self._received[length:]
        return decode_message(message)

    def _receive_more(self) -> None:
        self._received += self._part()

    def _part(self) -> bytes:
        part = self._socket.recv(_RECEIVE_BYTES)
        if not part:
            raise ConnectionResetError("the bus closed the connection")
        return part


def _explain(call: Call, message: Message) -> str:
    text = message.body[0] if message.body and isinstance(message.body[0], str) else ""
    return f"{call.member} on {call.path}: {message.error}: {text}"
