"""This host's own BMC through the kernel's IPMI device: one command and its answer at a time.

Source: include/uapi/linux/ipmi.h and Documentation/driver-api/ipmi.rst of Linux. The numbers of the requests are those
of x86 and ARM; some other machines (MIPS, PowerPC) count them otherwise.
"""

from __future__ import annotations

import ctypes
import errno
import fcntl
import os
import select
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from vedette_agent.errors import CollectorError
from vedette_agent.ipmi.raw import CommandError

DEVICES = (Path("/dev/ipmi0"), Path("/dev/ipmi/0"), Path("/dev/ipmidev/0"))
"""Where it is, by the kernel's and udev's names."""

MOST_ANSWER = 1024
"""Bytes of an answer; the kernel's own limit is 272."""

_SYSTEM_INTERFACE, _BMC_CHANNEL = 0x0C, 0x0F
_READ, _WRITE = 2, 1
"""The directions of a request, as the kernel's headers number them."""


class _Address(ctypes.Structure):
    """``struct ipmi_system_interface_addr``."""

    _fields_ = (("kind", ctypes.c_int), ("channel", ctypes.c_short), ("lun", ctypes.c_ubyte))


class _Message(ctypes.Structure):
    """``struct ipmi_msg``."""

    _fields_ = (
        ("netfn", ctypes.c_ubyte),
        ("command", ctypes.c_ubyte),
        ("size", ctypes.c_ushort),
        ("data", ctypes.c_void_p),
    )


class _Request(ctypes.Structure):
    """``struct ipmi_req``."""

    _fields_ = (
        ("address", ctypes.c_void_p),
        ("address_size", ctypes.c_uint),
        ("number", ctypes.c_long),
        ("message", _Message),
    )


class _Received(ctypes.Structure):
    """``struct ipmi_recv``."""

    _fields_ = (("kind", ctypes.c_int), *_Request._fields_)


def _request_number(direction: int, number: int, size: int) -> int:
    return direction << 30 | size << 16 | ord("i") << 8 | number


_RECEIVE = _request_number(_READ | _WRITE, 11, ctypes.sizeof(_Received))
"""``IPMICTL_RECEIVE_MSG_TRUNC``."""
_SEND = _request_number(_READ, 13, ctypes.sizeof(_Request))
"""``IPMICTL_SEND_COMMAND``."""


def find_device(devices: Iterable[Path] = DEVICES) -> Path | None:
    """Return the kernel's IPMI device; ``None`` where there is none."""
    return next((device for device in devices if device.exists()), None)


@dataclass(frozen=True, slots=True)
class DeviceTarget:
    """The BMC of this host; ``path`` is its device, found among the usual ones without it."""

    path: Path | None = None

    def open(self, deadline: float) -> DeviceSession:
        """Open it. Raises CollectorError."""
        path = self.path or find_device()
        if path is None:
            raise CollectorError(
                f"there is no {DEVICES[0]}: load ipmi_si and ipmi_devintf, or give the BMC's address for a way over LAN"
            )
        return DeviceSession(path, deadline)


class DeviceSession:
    """The device, while it is open. Blocks; belongs to one thread at a time.

    Args:
        path: Of the device.
        deadline: Of the commands, in seconds of ``time.monotonic``.

    Raises:
        CollectorError: it cannot be opened.
    """

    def __init__(self, path: Path, deadline: float) -> None:
        self._path = path
        self._deadline = deadline
        self._number = 0
        try:
            self._device = os.open(path, os.O_RDWR | os.O_CLOEXEC)
        except OSError as error:
            hint = (
                ": the agent's group needs it, see systemd/udev" if error.errno in (errno.EACCES, errno.EPERM) else ""
            )
            raise CollectorError(f"{path} cannot be opened: {error.strerror}{hint}") from error

    def set_deadline(self, deadline: float) -> None:
        """Let commands take until ``deadline``, in seconds of ``time.monotonic``."""
        self._deadline = deadline

    def raw(self, netfn: int, command: int, data: Sequence[int] = (), lun: int = 0) -> bytes:
        """Send a command; return the data of the answer, without its completion code.

        Raises:
            CommandError: the BMC refuses it.
            CollectorError: there is no answer.
        """
        self._number += 1
        try:
            self._send(netfn, command, bytes(data), lun)
            answer = self._receive()
        except OSError as error:
            raise CollectorError(f"{self._path}: {error.strerror}") from error
        if answer[0]:
            raise CommandError(answer[0], f"command {command:#04x} of network function {netfn:#04x}")
        return answer[1:]

    def close(self) -> None:
        """Close it."""
        with suppress(OSError):
            os.close(self._device)

    def _send(self, netfn: int, command: int, data: bytes, lun: int) -> None:
        address = _Address(_SYSTEM_INTERFACE, _BMC_CHANNEL, lun)
        body = ctypes.create_string_buffer(data, max(len(data), 1))
        message = _Message(netfn, command, len(data), ctypes.addressof(body))
        request = _Request(ctypes.addressof(address), ctypes.sizeof(address), self._number, message)
        fcntl.ioctl(self._device, _SEND, request)

    def _receive(self) -> bytes:
        """The answer to the last command: what is late of commands before it, and the BMC's own events, are let go."""
        waiting = select.poll()
        waiting.register(self._device, select.POLLIN)
        while True:
            left = self._deadline - time.monotonic()
            if left <= 0 or not waiting.poll(left * 1000):
                raise CollectorError(f"{self._path}: no answer")
            number, answer = self._take()
            if number == self._number and answer:
                return answer

    def _take(self) -> tuple[int, bytes]:
        address = _Address()
        body = ctypes.create_string_buffer(MOST_ANSWER)
        message = _Message(0, 0, MOST_ANSWER, ctypes.addressof(body))
        received = _Received(0, ctypes.addressof(address), ctypes.sizeof(address), 0, message)
        try:
            fcntl.ioctl(self._device, _RECEIVE, received)
        except OSError as error:
            if error.errno != errno.EMSGSIZE:  # told with as much of the answer as there is room for
                raise
        is_answer = received.kind == 1
        return received.number if is_answer else -1, body.raw[: received.message.size]
