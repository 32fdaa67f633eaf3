"""The spool keeps what is not acknowledged, over deaths and damage, within its bounds."""

import errno
import os
from array import array
from dataclasses import replace
from pathlib import Path

import pytest

from vedette_agent.errors import SpoolError
from vedette_agent.sources.framing import NewFrame
from vedette_agent.spool import FrameId, Spool, SpoolLimits, StoredFrame
from vedette_agent.spool import spool as spool_module
from vedette_agent.spool.records import KIND_EVENTS, Record, scan
from vedette_agent.spool.segment import Segment
from vedette_shared.clock import ManualClock
from vedette_shared.events import Event, Severity
from vedette_shared.frames import encode_target, layout_of
from vedette_shared.labels import make_labels
from vedette_shared.metrics import gauge

A, B = "http://a", "http://b"
LIMITS = SpoolLimits(bytes=100_000, age_ms=3_600_000, segment_bytes=4_000, idle_segment_bytes=1_000, memory_frames=5)
TARGET = encode_target(make_labels(job="node", instance="h", host="h"))
LAYOUT = layout_of([gauge(f"metric_{number}", "Help.", 0.0) for number in range(20)])
EVERYTHING = 10**9


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(1_700_000_000_000)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "spool"


def opened(folder: Path, clock: ManualClock, servers: tuple[str, ...] = (A,), limits: SpoolLimits = LIMITS) -> Spool:
    return Spool.open(folder, servers, limits, clock)


def fill(spool: Spool, clock: ManualClock, count: int) -> list[StoredFrame]:
    stored = []
    for number in range(count):
        clock.advance(1_000)
        values = array("d", [clock.now_ms() * 0.37 * (number + place) for place in range(20)])
        stored.append(spool.append(NewFrame(clock.now_ms(), TARGET, "node", LAYOUT, values.tobytes())))
    return stored


def drain(spool: Spool, server: str = A) -> list[StoredFrame]:
    """Everything that waits for ``server``, acknowledged as it is read."""
    drained: list[StoredFrame] = []
    while frames := spool.oldest_waiting(server, 2_000):
        drained += frames
        spool.acknowledge(server, [stored.id for stored in frames])
    return drained


def segments(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.spool"))


def test_gives_back_what_was_put_in_oldest_first(folder: Path, clock: ManualClock) -> None:
    spool = opened(folder, clock)
    stored = fill(spool, clock, 100)
    assert [each.frame.sequence for each in stored] == list(range(1, 101))
    assert spool.waiting(A) == 100
    assert len(segments(folder)) > 3
    assert drain(spool) == stored
    assert spool.waiting(A) == 0
    assert len(segments(folder)) == 1


def with_events(spool: Spool, clock: ManualClock, *texts: str) -> StoredFrame:
    clock.advance(1_000)
    events = [Event(clock.now_ms(), "ipmi", Severity.WARNING, text) for text in texts]
    return spool.append(NewFrame(clock.now_ms(), TARGET, "node", LAYOUT, bytes(8 * 20)), events)


def test_events_stay_with_their_frame_over_a_restart(folder: Path, clock: ManualClock) -> None:
    spool = opened(folder, clock)
    stored = [*fill(spool, clock, 3), with_events(spool, clock, "a", "b"), *fill(spool, clock, 1)]
    spool.abandon()
    spool = opened(folder, clock)
    drained = drain(spool)
    assert drained == stored
    assert [[event.text for event in each.events] for each in drained] == [[], [], [], ["a", "b"], []]


def test_damaged_events_cost_only_themselves(folder: Path, clock: ManualClock) -> None:
    spool = opened(folder, clock)
    stored = [with_events(spool, clock, "a", "b"), with_events(spool, clock, "c")]
    spool.abandon()
    (file,) = segments(folder)
    data = file.read_bytes()
    records = [found for found in scan(data) if isinstance(found, Record) and found.kind == KIND_EVENTS]
    at = records[1].end - 1
    spool = opened(folder, clock)
    file.write_bytes(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :])
    assert drain(spool) == [stored[0], replace(stored[1], events=())]
    assert spool.stats.dropped_events["damaged"] == 1
    assert spool.stats.dropped_frames["damaged"] == 0


def test_what_the_bounds_drop_of_events_is_counted(folder: Path, clock: ManualClock) -> None:
    spool = opened(folder, clock)
    with_events(spool, clock, *(str(number) for number in range(1002)))
    assert spool.stats.dropped_events["bytes"] == 2
    fill(spool, clock, 30)
    clock.advance(2 * LIMITS.age_ms)
    fill(spool, clock, 1)
    assert spool.stats.dropped_events == {"bytes": 2, "age": 1000, "damaged": 0, "refused": 0, "memory": 0}


def test_is_forced_to_the_disk_though_it_goes_on_or_is_closed(
    folder: Path, clock: ManualClock, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    forced: list[Path] = []
    monkeypatch.setattr(
        os, "fdatasync", lambda descriptor: forced.append(Path(f"/proc/self/fd/{descriptor}").readlink())
    )
    spool = opened(folder, clock)
    spool.prepare_sync()()
    assert forced == []
    with_events(spool, clock, "a")
    sync, (first,) = spool.prepare_sync(), segments(folder)
    fill(spool, clock, 100)
    spool.close()
    sync()
    assert forced == [first]
    assert caplog.text == ""


@pytest.mark.parametrize("orderly", [True, False])
def test_goes_on_after_a_restart(folder: Path, clock: ManualClock, orderly: bool) -> None:
    spool = opened(folder, clock)
    stored = fill(spool, clock, 60)
    spool.acknowledge(A, [each.id for each in stored[:10] + stored[50:]])
    spool.close() if orderly else spool.abandon()
    spool = opened(folder, clock)
    more = fill(spool, clock, 5)
    assert [each.id for each in more] == [FrameId(stored[0].generation, n) for n in range(61, 66)]
    assert drain(spool) == stored[10:50] + more


def test_no_number_is_given_twice_when_all_that_a_run_wrote_is_acknowledged(folder: Path, clock: ManualClock) -> None:
    spool = opened(folder, clock)
    fill(spool, clock, 1)
    for _ in range(2):
        spool.abandon()
        spool = opened(folder, clock)
        (stored,) = fill(spool, clock, 1)
        spool.acknowledge(A, [stored.id])
        spool.abandon()
        spool = opened(folder, clock)
    assert fill(spool, clock, 1)[0].id == FrameId(stored.generation, 4)


def test_no_number_is_given_twice_when_the_last_segment_cannot_be_read(folder: Path, clock: ManualClock) -> None:
    spool = opened(folder, clock)
    stored = fill(spool, clock, 30)
    spool.abandon()
    last = segments(folder)[-1]
    last.write_bytes(b"garbage" + last.read_bytes()[7:])
    spool = opened(folder, clock)
    assert fill(spool, clock, 1)[0].generation != stored[0].generation


def test_keeps_no_file_of_what_is_acknowledged(folder: Path, clock: ManualClock) -> None:
    spool = opened(folder, clock)
    for _ in range(200):
        (stored,) = fill(spool, clock, 1)
        spool.acknowledge(A, [stored.id])
    assert len(segments(folder)) == 1
    assert spool.size < 2 * LIMITS.idle_segment_bytes


def test_after_a_power_cut_numbers_begin_anew(
    folder: Path, clock: ManualClock, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    spool = opened(folder, clock)
    stored = fill(spool, clock, 3)
    spool.abandon()
    other_boot = tmp_path / "boot_id"
    other_boot.write_text("another\n")
    monkeypatch.setattr(spool_module, "BOOT_ID", other_boot)
    spool = opened(folder, clock)
    (new,) = fill(spool, clock, 1)
    assert (new.frame.sequence, new.generation != stored[0].generation) == (1, True)
    assert drain(spool) == [*stored, new]


def test_a_message_holds_one_generation(folder: Path, clock: ManualClock, monkeypatch: pytest.MonkeyPatch) -> None:
    spool = opened(folder, clock)
    stored = fill(spool, clock, 3)
    spool.abandon()
    monkeypatch.setattr(spool_module, "_boot_id", lambda: "another")
    spool = opened(folder, clock)
    fill(spool, clock, 1)
    assert spool.oldest_waiting(A, EVERYTHING) == stored


@pytest.mark.parametrize("cut", [1, 9, 100])
def test_a_write_that_was_cut_short_costs_that_frame_alone(folder: Path, clock: ManualClock, cut: int) -> None:
    spool = opened(folder, clock)
    stored = fill(spool, clock, 10)
    spool.abandon()
    (file,) = segments(folder)
    os.truncate(file, file.stat().st_size - cut)
    spool = opened(folder, clock)
    (new,) = fill(spool, clock, 1)
    assert new.generation != stored[0].generation
    assert drain(spool) == [*stored[:-1], new]


def test_a_flipped_byte_costs_one_frame_and_is_counted(folder: Path, clock: ManualClock) -> None:
    spool = opened(folder, clock)
    stored = fill(spool, clock, 10)
    spool.abandon()
    (file,) = segments(folder)
    data = bytearray(file.read_bytes())
    data[file.stat().st_size // 2] ^= 0x10
    file.write_bytes(data)
    spool = opened(folder, clock)
    kept = drain(spool)
    assert len(kept) == 9
    assert [each for each in stored if each in kept] == kept
    assert spool.stats.dropped_frames["damaged"] == 1


def test_a_byte_that_flips_while_the_agent_runs(folder: Path, clock: ManualClock) -> None:
    spool = opened(folder, clock)
    stored = fill(spool, clock, 10)
    (file,) = segments(folder)
    with file.open("r+b") as handle:
        handle.seek(file.stat().st_size // 2)
        byte = handle.read(1)
        handle.seek(-1, 1)
        handle.write(bytes([byte[0] ^ 1]))
    kept = drain(spool)
    assert len(kept) == 9
    assert spool.stats.dropped_frames["damaged"] == 1
    assert spool.waiting(A) == 0
    assert {each.id for each in kept} < {each.id for each in stored}


def test_a_damaged_layout_costs_the_frames_of_its_segment(folder: Path, clock: ManualClock) -> None:
    spool = opened(folder, clock)
    fill(spool, clock, 10)
    spool.abandon()
    (file,) = segments(folder)
    data = bytearray(file.read_bytes())
    data[150] ^= 1
    file.write_bytes(data)
    spool = opened(folder, clock)
    assert drain(spool) == []
    assert spool.stats.dropped_frames["damaged"] == 10


def test_a_segment_without_a_head_is_set_aside(folder: Path, clock: ManualClock) -> None:
    folder.mkdir()
    (folder / "00000000000000000003.spool").write_bytes(b"garbage")
    spool = opened(folder, clock)
    fill(spool, clock, 1)
    assert sorted(path.name for path in folder.iterdir()) == [
        "00000000000000000003.damaged",
        "00000000000000000004.spool",
        "lock",
    ]


def test_the_bound_in_bytes_drops_the_oldest_and_counts(folder: Path, clock: ManualClock) -> None:
    limits = SpoolLimits(bytes=20_000, segment_bytes=4_000)
    spool = opened(folder, clock, limits=limits)
    stored = fill(spool, clock, 300)
    assert spool.size <= limits.bytes + limits.segment_bytes
    kept = drain(spool)
    assert kept == stored[-len(kept) :]
    assert spool.stats.dropped_frames["bytes"] == 300 - len(kept)


def test_the_bound_in_age(folder: Path, clock: ManualClock) -> None:
    spool = opened(folder, clock)
    fill(spool, clock, 50)
    clock.advance(2 * LIMITS.age_ms)
    stored = fill(spool, clock, 50)
    kept = drain(spool)
    assert kept[-50:] == stored
    assert len(kept) < 75
    assert spool.stats.dropped_frames["age"] == 100 - len(kept)


def test_what_was_acknowledged_is_not_counted_as_dropped(folder: Path, clock: ManualClock) -> None:
    spool = opened(folder, clock, (A, B))
    for each in fill(spool, clock, 50):
        spool.acknowledge(A, [each.id])
        spool.acknowledge(B, [each.id])
    clock.advance(2 * LIMITS.age_ms)
    fill(spool, clock, 50)
    assert spool.stats.dropped_frames["age"] == 0


def test_each_server_has_a_position_of_its_own(folder: Path, clock: ManualClock) -> None:
    spool = opened(folder, clock, (A, B))
    stored = fill(spool, clock, 50)
    assert drain(spool, A) == stored
    assert (spool.waiting(A), spool.waiting(B)) == (0, 50)
    spool.abandon()
    spool = opened(folder, clock, (A, B))
    assert (spool.waiting(A), spool.waiting(B)) == (0, 50)
    assert drain(spool, B) == stored
    assert spool.size < 2 * LIMITS.segment_bytes


def test_a_server_that_goes_lets_go_of_its_frames(folder: Path, clock: ManualClock) -> None:
    spool = opened(folder, clock, (A, B))
    fill(spool, clock, 50)
    drain(spool, A)
    spool.serve([A])
    assert len(segments(folder)) == 1


def test_refused_frames_are_counted_and_gone(folder: Path, clock: ManualClock) -> None:
    spool = opened(folder, clock)
    stored = fill(spool, clock, 3)
    spool.refuse(A, [stored[1].id])
    assert drain(spool) == [stored[0], stored[2]]
    assert spool.stats.dropped_frames["refused"] == 1


def full_disk(self: Segment, data: bytes) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_full_disk_keeps_frames_in_memory(folder: Path, clock: ManualClock, monkeypatch: pytest.MonkeyPatch) -> None:
    spool = opened(folder, clock)
    before = fill(spool, clock, 3)
    with monkeypatch.context() as patch:
        patch.setattr(Segment, "write", full_disk)
        held = fill(spool, clock, 4)
        assert spool.waiting(A) == 7
    after = fill(spool, clock, 1)
    spool.abandon()
    spool = opened(folder, clock)
    assert drain(spool) == [*before, *held, *after]
    assert spool.stats.dropped_frames["memory"] == 0


def test_a_disk_that_stays_full_costs_the_oldest(
    folder: Path, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Segment, "write", full_disk)
    spool = opened(folder, clock)
    stored = fill(spool, clock, 8)
    assert drain(spool) == stored[-LIMITS.memory_frames :]
    assert spool.stats.dropped_frames["memory"] == 3
    assert spool.stats.write_errors > 0


def test_two_agents_cannot_share_it(folder: Path, clock: ManualClock) -> None:
    opened(folder, clock)
    with pytest.raises(SpoolError, match=r"another agent uses this spool; stop it or name another data folder$"):
        opened(folder, clock)


def test_a_folder_that_cannot_be_used(tmp_path: Path, clock: ManualClock) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SpoolError, match=r"file/spool: cannot be used as spool: Not a directory; name another data"):
        opened(tmp_path / "file" / "spool", clock)
