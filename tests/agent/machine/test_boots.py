"""A reboot is told once, with how it came about and how long the machine was down."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from vedette_agent.machine import Boot, Boots, LastRun, reboot_event
from vedette_agent.machine.boots import read_boot
from vedette_shared.clock import ManualClock
from vedette_shared.events import Event, Severity

BTIME_S = 1_700_000_000
BOOT = Boot("second", BTIME_S * 1000)
CRASH = "rebooted without a shutdown: a crash, a reset or a loss of power"


def boot(folder: Path, identity: str, btime: int = BTIME_S) -> Path:
    """A /proc of that boot."""
    random = folder / "proc/sys/kernel/random"
    random.mkdir(parents=True, exist_ok=True)
    (random / "boot_id").write_text(f"{identity}\n")
    (folder / "proc/stat").write_text(f"cpu 1 2 3\nctxt 5\nbtime {btime}\nprocesses 7\n")
    return folder / "proc"


def started(folder: Path) -> Boots:
    return Boots(folder / "boot.json", folder / "proc", ManualClock(0))


def ticks(boots: Boots) -> list[Event]:
    """What an agent takes in its first collections, each of which is kept."""
    events: list[Event] = []
    for _ in range(3):
        events += boots.take_events()
        boots.events_kept()
        boots.look()
    return events


@pytest.mark.parametrize(
    ("last", "seen_ms", "expected"),
    [
        (LastRun("second"), 0, None),
        (LastRun("first"), BTIME_S * 1000 - 90_500, (Severity.WARNING, f"{CRASH}; down for 1m30s at the most")),
        (
            LastRun("first", in_order=True),
            BTIME_S * 1000 - 3_600_000,
            (Severity.INFO, "rebooted after a shutdown; down for 1h at the most"),
        ),
        (LastRun("first"), BTIME_S * 1000 + 5, (Severity.WARNING, CRASH)),
    ],
)
def test_event(last: LastRun, seen_ms: int, expected: tuple[Severity, str] | None) -> None:
    event = reboot_event(last, seen_ms, BOOT)
    assert (None if event is None else (event.severity, event.text)) == expected


def test_a_reboot_is_told_once(tmp_path: Path) -> None:
    boot(tmp_path, "first")
    assert ticks(started(tmp_path)) == []
    assert ticks(started(tmp_path)) == []
    os.utime(tmp_path / "boot.json", (BTIME_S - 60, BTIME_S - 60))
    boot(tmp_path, "second")
    labels = {"boot_id": "second", "clean": "false"}
    text = f"{CRASH}; down for 1m at the most"
    told = Event(BTIME_S * 1000, "node", Severity.WARNING, text, labels=labels, id="boot.second")
    assert ticks(started(tmp_path)) == [told]
    assert ticks(started(tmp_path)) == []


def test_an_agent_that_was_stopped_knows_of_a_shutdown(tmp_path: Path) -> None:
    """One that came back in the meantime does not."""
    boot(tmp_path, "first")
    boots = started(tmp_path)
    ticks(boots)
    boots.close()
    boot(tmp_path, "second")
    boots = started(tmp_path)
    (event,) = ticks(boots)
    assert event.labels["clean"] == "true"
    boot(tmp_path, "third")
    (event,) = ticks(started(tmp_path))
    assert event.labels["clean"] == "false"


def test_what_nobody_kept_is_told_again(tmp_path: Path) -> None:
    boot(tmp_path, "first")
    ticks(started(tmp_path))
    boot(tmp_path, "second")
    crashed = started(tmp_path)
    crashed.look()
    (told,) = crashed.take_events()
    crashed.look()
    crashed.close()
    assert ticks(started(tmp_path)) == [told]


def test_the_word_is_renewed_each_minute(tmp_path: Path) -> None:
    boot(tmp_path, "first")
    clock = ManualClock(0)
    boots = Boots(tmp_path / "boot.json", tmp_path / "proc", clock)
    ticks(boots)
    os.utime(tmp_path / "boot.json", (5, 5))
    clock.advance(59_000)
    boots.look()
    assert (tmp_path / "boot.json").stat().st_mtime == 5
    clock.advance(1_000)
    boots.look()
    assert (tmp_path / "boot.json").stat().st_mtime > BTIME_S


def test_the_real_proc() -> None:
    found = read_boot(Path("/proc"))
    assert found is not None
    assert len(found.id) == 36


@pytest.mark.parametrize("word", [None, "{", "{}"])
def test_nothing_is_known(tmp_path: Path, word: str | None) -> None:
    """Neither of the last run, nor, without /proc, of this one."""
    if word is not None:
        (tmp_path / "boot.json").write_text(word)
    assert ticks(started(tmp_path)) == []
    boot(tmp_path, "first")
    assert ticks(started(tmp_path)) == []
