"""ZFS: what ``zpool status`` tells beyond the kernel's statistics: the devices of each pool, and their errors.

Source: zpool-status(8), zpoolconcepts(7).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from vedette_agent.errors import CollectorError
from vedette_agent.raid.report import ARRAY, DISK, RaidReport, Unit
from vedette_agent.raid.states import state_of

SHOW = ("status", "-p")

_POOL = re.compile(r"\s*pool: (\S+)$")
_ROW = re.compile(r"\s+(\S+) +([A-Z]+)(?: +(\d+) +(\d+) +(\d+))?")
_GROUP = re.compile(r"(?:mirror|raidz\d?|draid\S*|spare|replacing|indirect)-\d+$")
_SCAN = re.compile(r"([\d.]+)% done")
_NONE = "no pools available"


def parse_zpool(text: str) -> RaidReport:
    """Return what the command above printed.

    Raises:
        CollectorError: it is not what it prints.
    """
    if _NONE in text:
        return RaidReport()
    units = list(_units(text))
    if not units:
        raise CollectorError(f"zpool told of no pool: {text.strip().partition(chr(10))[0][:80]!r}")
    return RaidReport(units)


def _units(text: str) -> Iterator[Unit]:
    pool = ""
    progress: float | None = None
    in_table = False
    for line in text.splitlines():
        if match := _POOL.match(line):
            pool, progress, in_table = match[1], None, False
        elif match := _SCAN.search(line):
            progress = float(match[1]) / 100
        elif line.split()[:2] == ["NAME", "STATE"]:
            in_table = True
        elif in_table and (match := _ROW.match(line)):
            yield _unit(pool, match, progress)


def _unit(pool: str, row: re.Match[str], progress: float | None) -> Unit:
    name = row[1]
    is_pool = name == pool
    counts = [int(count) for count in row.groups()[2:] if count is not None]
    return Unit(
        pool,
        ARRAY if is_pool or _GROUP.match(name) else DISK,
        "" if is_pool else name,
        states={"": state_of(row[2])},
        counters=dict(zip(("read", "write", "checksum"), counts, strict=False)),
        progress=progress if is_pool else None,
    )
