"""Parses ``/proc/PID/mountinfo``, see proc_pid_mountinfo(5)."""

from __future__ import annotations

import re
from typing import NamedTuple

_ESCAPE = re.compile(r"\\([0-7]{3})")
_SEPARATOR = "-"


class Mount(NamedTuple):
    """One mount."""

    device: str
    mount_point: str
    fs_type: str
    major: str
    minor: str
    read_only: bool
    """By the mount's own options or by the file system's."""
    super_options: str = ""
    """The file system's, as they stand in the file."""


def parse_mounts(text: str) -> list[Mount]:
    """Return the mounts in ``text``, in its order.

    Raises:
        ValueError: a line lacks a field.
    """
    return [_parse_mount(line) for line in text.splitlines()]


def _parse_mount(line: str) -> Mount:
    fields = line.split(" ")
    try:
        # Between the options and the separator stand any number of optional fields.
        separator = fields.index(_SEPARATOR, 6)
        fs_type, device, super_options = fields[separator + 1 : separator + 4]
        major, _, minor = fields[2].partition(":")
    except ValueError as error:
        raise ValueError(f"not a line of mountinfo: {line!r}") from error
    return Mount(
        device=_unescape(device),
        mount_point=_unescape(fields[4]),
        fs_type=_unescape(fs_type),
        major=major,
        minor=minor,
        read_only="ro" in fields[5].split(",") or "ro" in super_options.split(","),
        super_options=super_options,
    )


def _unescape(field: str) -> str:
    """White space and backslashes stand in the file as three octal digits."""
    if "\\" not in field:
        return field
    return _ESCAPE.sub(lambda match: chr(int(match[1], 8)), field)
