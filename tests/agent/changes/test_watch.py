"""What a watch tells of parts that change."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from vedette_agent.changes import Memory, Part, State, Watch
from vedette_agent.changes.memory import Seen
from vedette_shared.events import Event, Severity

OK, BAD, POOR = State("ok"), State("failed", Severity.CRITICAL), State("weak", Severity.WARNING)


def disk(key: str = "S1", place: str = "sda", state: State = OK, **counters: int) -> Part:
    return Part(key, f"disk {key}", place, {"serial": key}, {"health": state}, counters)


def watching(*parts: Part) -> Watch:
    """A watch that has seen ``parts``, and nothing else, from the beginning."""
    watch = Watch("disks", Seen())
    watch.begin("disk", [part.place for part in parts])
    for part in parts:
        watch.observe("disk", part, 0)
    watch.take_events()
    return watch


def texts(watch: Watch) -> list[str]:
    return [f"{event.severity.value}: {event.text}" for event in watch.take_events()]


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (disk(), disk(), []),
        (disk(), disk(state=BAD), ["critical: disk S1: health is failed, was ok"]),
        (disk(state=BAD), disk(state=POOR), ["warning: disk S1: health is weak, was failed"]),
        (disk(state=BAD), disk(), ["info: disk S1: health is ok, was failed"]),
        (disk(pending=1), disk(pending=9), ["warning: disk S1: pending 9, 1 before"]),
        (disk(pending=9), disk(pending=1), []),
        (disk(), disk(pending=9), []),
        (disk(), disk(place="sdb"), []),
        (disk(), disk(key="S2", place="sdb"), ["info: disk S2 has appeared"]),
        (disk(), disk("S2", "sdb", BAD), ["info: disk S2 has appeared", "critical: disk S2: health is failed"]),
    ],
)
def test_change(before: Part, after: Part, expected: list[str]) -> None:
    watch = watching(before)
    watch.observe("disk", after, 0)
    assert texts(watch) == expected


def test_event() -> None:
    watch = watching(disk())
    watch.observe("disk", disk(state=BAD), 77)
    text = "disk S1: health is failed, was ok"
    assert watch.take_events() == [Event(77, "disks", Severity.CRITICAL, text, labels={"serial": "S1"})]


def test_only_state() -> None:
    """It needs no name."""
    watch = Watch("raid", Seen())
    watch.begin("storcli", ["0"])
    watch.observe("storcli", Part("0", "array 0", "0", states={"": State("degraded", Severity.WARNING)}), 0)
    assert texts(watch) == ["warning: array 0 is degraded"]


def test_what_has_been_there_all_along() -> None:
    """Of the first look nothing has appeared, also if it is read after a restart; what is bad is told."""
    watch = Watch("disks", Seen())
    watch.begin("disk", ["sda", "sdb"])
    watch.observe("disk", disk(), 0)
    again = Watch("disks", msgspec.json.decode(watch.take_changes() or b"", type=Seen))
    again.begin("disk", ["sda", "sdb", "sdc"])
    again.observe("disk", disk("S2", "sdb", BAD), 0)
    again.observe("disk", disk("S3", "sdc"), 0)
    assert texts(again) == ["critical: disk S2: health is failed", "info: disk S3 has appeared"]


def test_gone() -> None:
    """After two looks in a row without it; other scopes are other matters."""
    watch = watching(disk(), disk("S2", "sdb"))
    for places in (["sdb"], ["sda", "sdb"], ["sdb"]):
        watch.look("disk", places, 0)
    watch.look("other", [], 0)
    assert texts(watch) == []
    watch.look("disk", ["sdb"], 0)
    assert texts(watch) == ["warning: disk S1 is gone"]
    watch.look("disk", ["sdb"], 0)
    assert texts(watch) == []


def test_names_change_places() -> None:
    """As they may over a reboot."""
    watch = watching(disk(), disk("S2", "sdb"))
    watch.look("disk", ["sda", "sdb"], 0)
    watch.observe("disk", disk(place="sdb"), 0)
    watch.observe("disk", disk("S2", "sda"), 0)
    for _ in range(3):
        watch.look("disk", ["sda", "sdb"], 0)
    assert texts(watch) == []


def test_memory(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Survives a restart; a damaged file, and a folder that cannot be written, cost the memory alone."""
    memory = Memory(tmp_path / "below" / "seen.json")
    assert memory.load() == Seen()
    watch = watching(disk())
    data = watch.take_changes()
    assert data is not None
    assert watch.take_changes() is None
    memory.save(data)
    assert list(memory.load().parts) == ["disk/S1"]
    assert [path.name for path in (tmp_path / "below").iterdir()] == ["seen.json"]
    (tmp_path / "below" / "seen.json").write_bytes(data[:-5])
    assert memory.load() == Seen()
    Memory(tmp_path / "below" / "seen.json" / "seen.json").save(data)
    assert "what was seen cannot be written; a restart forgets it" in caplog.text
