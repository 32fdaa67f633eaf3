"""Asks the drivers of network interfaces: the ioctl SIOCETHTOOL, see linux/ethtool.h."""

from __future__ import annotations

import array
import errno
import fcntl
import socket
import struct
from typing import NamedTuple

_SIOCETHTOOL = 0x8946
_GET_DRIVER_INFO = 0x03
_GET_STRINGS = 0x1B
_GET_STATISTICS = 0x1D
_GET_PERMANENT_ADDRESS = 0x20
_GET_LINK_SETTINGS = 0x4C
_SET_OF_STATISTICS = 1

_REQUEST = struct.Struct("16sP")
_DRIVER_INFO = struct.Struct("=I32s32s32s32s32s12s5I")
_STRINGS = struct.Struct("=III")
_STRING_BYTES = 32
_STATISTICS = struct.Struct("=II")
_ADDRESS = struct.Struct("=II32s")
_ADDRESS_BYTES = 32
_LINK_SETTINGS = struct.Struct("=IIBBBBBBBbBBBB28s")
_AUTONEG_FIELD = 5
_MASK_WORDS_FIELD = 9
_MAX_MASK_WORDS = 127
_NAME_BYTES = 15


class DriverInfo(NamedTuple):
    """Who drives an interface."""

    driver: str
    version: str
    firmware_version: str
    bus_info: str
    expansion_rom_version: str
    statistics: int
    """How many there are."""


class LinkSettings(NamedTuple):
    """What a link can do, and offers to the other side: bits as ``enum ethtool_link_mode_bit_indices`` has them."""

    autonegotiates: bool
    supported: int
    advertised: int


class EthtoolSocket:
    """A socket to ask through. Each question raises OSError where the driver has no answer."""

    def __init__(self) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()

    def driver_info(self, device: str) -> DriverInfo:
        """Return who drives ``device``.

        Raises:
            OSError: the driver does not tell, or there is no such device.
        """
        answer = self._ask(device, _DRIVER_INFO.pack(_GET_DRIVER_INFO, *[b""] * 6, *[0] * 5))
        return parse_driver_info(answer)

    def statistics(self, device: str) -> dict[str, int]:
        """Return the driver's own counters, in its order.

        Raises:
            OSError: it has none, or there is no such device.
        """
        count = self.driver_info(device).statistics
        strings = self._ask(
            device, _STRINGS.pack(_GET_STRINGS, _SET_OF_STATISTICS, count) + bytes(count * _STRING_BYTES)
        )
        values = self._ask(device, _STATISTICS.pack(_GET_STATISTICS, count) + bytes(count * 8))
        return parse_statistics(strings, values)

    def link_settings(self, device: str) -> LinkSettings:
        """Return what the link of ``device`` can do.

        Raises:
            OSError: the driver does not tell, or there is no such device.
        """
        question = [_GET_LINK_SETTINGS, *[0] * 13, b""]
        # The first answer is the number of words in each mask, below 0.
        words = -_LINK_SETTINGS.unpack_from(self._ask(device, _LINK_SETTINGS.pack(*question)))[_MASK_WORDS_FIELD]
        if not 0 < words <= _MAX_MASK_WORDS:
            raise OSError(errno.EPROTO, f"{device} has masks of {words} words")
        question[_MASK_WORDS_FIELD] = words
        return parse_link_settings(self._ask(device, _LINK_SETTINGS.pack(*question) + bytes(3 * 4 * words)))

    def permanent_address(self, device: str) -> str:
        """Return the address that the hardware came with.

        Raises:
            OSError: there is none, or no such device.
        """
        answer = self._ask(device, _ADDRESS.pack(_GET_PERMANENT_ADDRESS, _ADDRESS_BYTES, b""))
        _, size, address = _ADDRESS.unpack(answer)
        return address[:size].hex(":") if any(address[:size]) else ""

    def _ask(self, device: str, question: bytes) -> bytes:
        name = device.encode()
        if len(name) > _NAME_BYTES:
            raise OSError(errno.ENODEV, f"{device} is too long for the name of a network interface")
        buffer = array.array("B", question)
        address, _ = buffer.buffer_info()
        fcntl.ioctl(self._socket, _SIOCETHTOOL, _REQUEST.pack(name, address))
        return buffer.tobytes()


def parse_driver_info(answer: bytes) -> DriverInfo:
    """Return the content of ``struct ethtool_drvinfo``."""
    _, driver, version, firmware, bus, rom, _, _, statistics, *_ = _DRIVER_INFO.unpack(answer)
    return DriverInfo(_text(driver), _text(version), _text(firmware), _text(bus), _text(rom), statistics)


def parse_statistics(strings: bytes, values: bytes) -> dict[str, int]:
    """Return the content of ``struct ethtool_gstrings`` and ``struct ethtool_stats`` together."""
    _, _, count = _STRINGS.unpack_from(strings)
    _, known = _STATISTICS.unpack_from(values)
    count = min(count, known, (len(strings) - _STRINGS.size) // _STRING_BYTES)
    names = (
        _text(strings[start : start + _STRING_BYTES])
        for start in range(_STRINGS.size, _STRINGS.size + count * _STRING_BYTES, _STRING_BYTES)
    )
    return dict(zip(names, struct.unpack_from(f"={count}Q", values, _STATISTICS.size), strict=True))


def parse_link_settings(answer: bytes) -> LinkSettings:
    """Return the content of ``struct ethtool_link_settings`` with its three masks."""
    fields = _LINK_SETTINGS.unpack_from(answer)
    size = 4 * fields[_MASK_WORDS_FIELD]
    masks = answer[_LINK_SETTINGS.size :]
    # A mask is of words of 32 bits, the lowest first.
    supported, advertised = (_mask(masks[start : start + size]) for start in (0, size))
    return LinkSettings(bool(fields[_AUTONEG_FIELD]), supported, advertised)


def _mask(words: bytes) -> int:
    return sum(word << (32 * place) for place, (word,) in enumerate(struct.iter_unpack("=I", words)))


def _text(field: bytes) -> str:
    return field.partition(b"\0")[0].decode("utf-8", "replace").strip()
