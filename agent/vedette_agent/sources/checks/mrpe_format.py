"""Reads MRPE's configuration: ``NAME [(interval=SECONDS[:appendage=yes])] COMMAND``, a line a plugin.

The format is that of https://docs.checkmk.com/latest/en/agent_linux.html#mrpe; names may be percent-encoded.
"""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from urllib.parse import unquote

_LINE = re.compile(r"(?P<name>\S+)\s+(?:\((?P<options>[^)]*)\)\s+)?(?P<command>.+)")


@dataclass(frozen=True, slots=True)
class MrpeLine:
    """One plugin. ``interval`` is in seconds; ``None`` where the file says none."""

    name: str
    command: tuple[str, ...]
    interval: float | None = None


def parse_mrpe(text: str) -> list[MrpeLine]:
    """Return the plugins that a file names. Commands are lists of arguments: no shell reads them.

    Raises:
        ValueError: a line is not of the format; the text names it.
    """
    lines = []
    for number, line in enumerate(text.splitlines(), start=1):
        bare = line.strip()
        if not bare or bare.startswith("#"):
            continue
        match = _LINE.fullmatch(bare)
        if match is None:
            raise ValueError(f"line {number}: {bare[:80]!r} is not NAME COMMAND")
        try:
            command = tuple(shlex.split(match["command"]))
            interval = _interval(match["options"] or "")
        except ValueError as error:
            raise ValueError(f"line {number}: {error}") from error
        lines.append(MrpeLine(unquote(match["name"]), command, interval))
    return lines


def _interval(options: str) -> float | None:
    for option in options.split(":"):
        key, _, value = option.partition("=")
        if key.strip() == "interval":
            if not value.strip().isdigit():
                raise ValueError(f"the interval {value!r} is not a number of seconds")
            return float(value)
    return None
