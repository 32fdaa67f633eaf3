"""Reboots: the kernel's boot id is another than the one that was there when the agent last ran."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from vedette_agent.changes import Memory
from vedette_shared.clock import Clock
from vedette_shared.durations import format_duration
from vedette_shared.events import Event, Severity
from vedette_shared.logs import get_logger

_log = get_logger(__name__)

NODE = "node"
TOUCH_EVERY_S = 60.0


@dataclass(frozen=True, slots=True)
class Boot:
    """One boot: the kernel's random id of it, and when it was (ms since the epoch)."""

    id: str
    time_ms: int


class LastRun(msgspec.Struct, frozen=True):
    """What the agent left behind: the boot that it ran in, and whether it was asked to stop, as a shutdown does."""

    boot_id: str
    in_order: bool = False


def read_boot(proc: Path) -> Boot | None:
    """Return the boot that /proc, at ``proc``, tells of; ``None`` where it does not. Blocks."""
    try:
        identity = (proc / "sys/kernel/random/boot_id").read_text("ascii").strip()
        lines = (proc / "stat").read_text("ascii").splitlines()
        seconds = next(int(line.split()[1]) for line in lines if line.startswith("btime "))
    except (OSError, ValueError, IndexError, StopIteration):
        return None
    return Boot(identity, seconds * 1000)


def reboot_event(last: LastRun, seen_ms: int, boot: Boot) -> Event | None:
    """Return what to tell of ``boot``; ``None`` where it is that of the last run.

    Args:
        last: What the last run left.
        seen_ms: When the agent was last there, to a minute.
        boot: The boot now.
    """
    if boot.id == last.boot_id:
        return None
    severity, how = Severity.INFO, "after a shutdown"
    if not last.in_order:
        severity, how = Severity.WARNING, "without a shutdown: a crash, a reset or a loss of power"
    down_ms = (boot.time_ms - seen_ms) // 1000 * 1000
    down = f"; down for {format_duration(down_ms)} at the most" if down_ms > 0 else ""
    labels = {"boot_id": boot.id, "clean": "true" if last.in_order else "false"}
    return Event(boot.time_ms, NODE, severity, f"rebooted {how}{down}", labels=labels, id=f"boot.{boot.id}")


class Boots:
    """Compares the boot with that of the last run, once, and leaves word of this one; the file's time says until when.

    Args:
        file: Where the word is left.
        proc: Where /proc is.
        clock: Says when to touch the file again.
    """

    def __init__(self, file: Path, proc: Path, clock: Clock) -> None:
        self._file = file
        self._memory = Memory(file)
        self._proc = proc
        self._clock = clock
        self._boot: Boot | None = None
        self._has_looked = False
        self._events: list[Event] = []
        self._is_kept = False
        self._touched_at: float | None = None

    def look(self) -> None:
        """Compare, at the first call; leave word, once the event is kept. Blocks."""
        if not self._has_looked:
            self._boot = read_boot(self._proc)
            self._compare()
            self._has_looked = True
        if not self._is_kept or self._boot is None:
            return
        now = self._clock.monotonic()
        if self._touched_at is None:
            self._memory.save(msgspec.json.encode(LastRun(self._boot.id)))
        elif now - self._touched_at >= TOUCH_EVERY_S:
            self._touch()
        else:
            return
        self._touched_at = now

    def take_events(self) -> Sequence[Event]:
        """Return the event of a reboot, if there was one, at the first call after ``look``."""
        events, self._events = self._events, []
        return events

    def events_kept(self) -> None:
        """Take it that the event, if there was one, outlives this process."""
        self._is_kept = self._has_looked and not self._events

    def close(self) -> None:
        """Note that the agent stops in good order, if it ever ran."""
        if self._is_kept and self._boot is not None:
            self._memory.save(msgspec.json.encode(LastRun(self._boot.id, in_order=True)))

    def _compare(self) -> None:
        try:
            last = msgspec.json.decode(self._file.read_bytes(), type=LastRun)
            seen_ms = self._file.stat().st_mtime_ns // 1_000_000
        except FileNotFoundError:
            return
        except (OSError, msgspec.MsgspecError) as error:
            _log.warning("the boot of the last run is not known", file=self._file, error=error)
            return
        event = reboot_event(last, seen_ms, self._boot) if self._boot is not None else None
        if event is not None:
            self._events.append(event)

    def _touch(self) -> None:
        try:
            os.utime(self._file)
        except OSError:
            self._memory.save(msgspec.json.encode(LastRun(self._boot.id if self._boot is not None else "")))
