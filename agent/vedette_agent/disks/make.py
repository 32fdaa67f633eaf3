"""The source out of the configuration, where there is a smartctl."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from vedette_agent.changes import Memory
from vedette_agent.children import find_tool
from vedette_agent.disks.config import DisksConfig
from vedette_agent.disks.smartctl import Smartctl
from vedette_agent.disks.source import DISKS, DiskSource
from vedette_shared.clock import Clock

MEMORY = "disks/seen.json"
"""Below the agent's own folder."""


def plan_disks(
    config: DisksConfig, data: Path, interval_ms: int, clock: Clock
) -> list[tuple[str, object, Callable[[], DiskSource]]]:
    """Return the source's name, what decides whether it is the same, and how it is made; nothing without smartctl.

    Args:
        config: The disks.
        data: The agent's folder.
        interval_ms: From one report to the next.
        clock: For ages.
    """
    program = find_tool(("smartctl",), config.smartctl) if config.enabled else None
    if program is None:
        return []

    def make() -> DiskSource:
        smartctl = Smartctl(program, config)
        return DiskSource(smartctl, config, Memory(data / MEMORY), interval_ms=interval_ms, clock=clock)

    return [(DISKS, (config, program, data, interval_ms), make)]
