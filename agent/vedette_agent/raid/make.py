"""The source out of the configuration, where there is something to ask."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from vedette_agent.changes import Memory
from vedette_agent.raid.config import RaidConfig
from vedette_agent.raid.source import MD, RAID, RaidSource
from vedette_agent.raid.tools import MDSTAT, ask_kernel, find_programs, make_asks
from vedette_shared.clock import Clock

FOLDER = "raid"
"""Below the agent's own: what was seen, and the logs of programs that insist on writing some."""


def plan_raid(
    config: RaidConfig, data: Path, interval_ms: int, clock: Clock
) -> list[tuple[str, object, Callable[[], RaidSource]]]:
    """Return the source's name, what decides whether it is the same, and how it is made; nothing without a RAID.

    Args:
        config: What to ask.
        data: The agent's folder.
        interval_ms: From one report to the next.
        clock: For ages.
    """
    if not config.enabled:
        return []
    programs = find_programs(config)
    with_kernel = MD not in config.exclude and MDSTAT.exists()
    if not programs and not with_kernel:
        return []

    def make() -> RaidSource:
        asks = make_asks(programs, config, data / FOLDER)
        if with_kernel:
            asks[MD] = ask_kernel
        memory = Memory(data / FOLDER / "seen.json")
        return RaidSource(asks, config, memory, interval_ms=interval_ms, clock=clock)

    return [(RAID, (config, tuple(programs.items()), with_kernel, data, interval_ms), make)]
