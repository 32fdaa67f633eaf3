"""The log's bytes: records, framing, torn and flipped ones; and the file's writer."""

from __future__ import annotations

from array import array
from pathlib import Path

import numpy as np
import pytest

from vedette_server.storage.errors import StorageFullError
from vedette_server.storage.interface import LooseSamples, SourceEnd
from vedette_server.storage.log import framing, records
from vedette_server.storage.log.segments import LogWriter, read_segment, segment_numbers, segment_path
from vedette_shared.frames import Frame, Sender, encode_target, layout_of
from vedette_shared.labels import make_labels
from vedette_shared.metrics import gauge

TARGET = encode_target(make_labels(host="a"))
FRAME = Frame(9, -5, TARGET, "node", bytes(range(16)), array("d", [1, 2]).tobytes())


def framed(*payloads: bytes) -> bytes:
    return b"".join(framing.frame_record(payload) + payload for payload in payloads)


def test_records_come_back() -> None:
    """Each kind of payload."""
    layout = layout_of([gauge("load", "help", 1.0)])
    assert records.decode_record(memoryview(records.encode_layout(layout))) == layout
    found = records.decode_record(memoryview(b"".join(records.encode_frames(Sender("é", 2**64 - 1), [FRAME, FRAME]))))
    assert found == records.FramesRecord(Sender("é", 2**64 - 1), (FRAME, FRAME))
    end = SourceEnd(TARGET, "node", 17)
    assert records.decode_record(memoryview(records.encode_ends([end]))) == records.EndsRecord((end,))
    samples = LooseSamples(np.array([3, 0]), np.array([-1, 2**40]), np.array([0.5, np.nan]))
    loose = records.decode_record(memoryview(records.encode_loose([make_labels(a="b"), ()], samples)))
    assert isinstance(loose, records.LooseRecord)
    assert loose.labels == (make_labels(a="b"), ())
    assert loose.samples.series.tolist() == [3, 0]
    assert loose.samples.timestamps.tolist() == [-1, 2**40]
    assert loose.samples.values.tobytes() == samples.values.tobytes()


@pytest.mark.parametrize("payload", [b"", b"\x09x", b"\x02\xff\xff", b"\x03\x01", b"\x01\x00", b"\x04\xc1"])
def test_unreadable_records_are_told(payload: bytes) -> None:
    """With the log's own error."""
    with pytest.raises(records.RecordError):
        records.decode_record(memoryview(payload))


WHOLE = framing.segment_head(3) + framed(b"first", b"second", b"third")


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (WHOLE, [b"first", b"second", b"third"]),
        (WHOLE[:-1], [b"first", b"second", framing.Damage(51, 16, torn=True)]),
        (WHOLE[:-1] + b"x", [b"first", b"second", framing.Damage(51, 17, torn=False)]),
        (WHOLE[:-10], [b"first", b"second", framing.Damage(51, 7, torn=True)]),
        (WHOLE + bytes(40), [b"first", b"second", b"third", framing.Damage(68, 40, torn=True)]),
        (WHOLE[:7], [framing.Damage(0, 7, torn=True)]),
        (b"x" + WHOLE[1:], [framing.Damage(0, 16, torn=False), b"first", b"second", b"third"]),
        (WHOLE[:29] + b"x" + WHOLE[30:], [framing.Damage(16, 17, torn=False), b"second", b"third"]),
        (WHOLE[:17] + b"x" + WHOLE[18:], [framing.Damage(16, 17, torn=False), b"second", b"third"]),
    ],
)
def test_whole_records_are_found_among_damaged_ones(data: bytes, expected: list[bytes | framing.Damage]) -> None:
    """A flipped byte costs its record; a torn end costs what was never acknowledged."""
    found = [part if isinstance(part, framing.Damage) else bytes(part[1]) for part in framing.scan(memoryview(data), 3)]
    assert found == expected


def test_segments_follow_each_other(tmp_path: Path) -> None:
    """What is appended is in the segment that was newest."""
    writer = LogWriter(tmp_path, 7)
    writer.append([framed(b"a"), framed(b"b")])
    writer.rotate()
    writer.append([framed(b"c")])
    writer.close()
    assert segment_numbers(tmp_path) == [7, 8]
    assert [bytes(part) for part in map(bytes, _payloads(tmp_path, 7))] == [b"a", b"b"]
    assert _payloads(tmp_path, 8) == [b"c"]


def test_a_failed_append_leaves_no_trace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What follows it can be read."""
    writer = LogWriter(tmp_path, 1)
    writer.append([framed(b"before")])
    with monkeypatch.context() as patch:
        patch.setattr("os.fdatasync", _full)
        with pytest.raises(StorageFullError, match="no room"):
            writer.append([framed(b"lost")])
    writer.append([framed(b"after")])
    writer.close()
    assert _payloads(tmp_path, 1) == [b"before", b"after"]


def _payloads(folder: Path, number: int) -> list[bytes]:
    found = []
    for part in read_segment(segment_path(folder, number), number):
        assert isinstance(part, memoryview)
        found.append(bytes(part))
    return found


def _full(descriptor: int) -> None:
    raise OSError(28, "No space left on device")
