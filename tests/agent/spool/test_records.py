"""Records read back whole; what is damaged is stepped over. The golden file fixes the format."""

from array import array
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vedette_agent.spool import records
from vedette_agent.spool.records import Damage, Head, Record
from vedette_shared.frames import Frame, encode_target, layout_of
from vedette_shared.labels import make_labels
from vedette_shared.metrics import counter, gauge

GOLDEN = Path(__file__).with_name("golden_segment.hex")

HEAD = Head(0x1122334455667788, 7, "boot", (("http://a", 0x1122334455667788, (1, 3, 5, 6)),))
LAYOUT = layout_of([gauge("load", "Load.", 1.0), counter("packets_total", "Packets.", 2.0)])
FRAME = Frame(
    7,
    1_700_000_000_000,
    encode_target(make_labels(job="node", host="h")),
    "node",
    LAYOUT.hash,
    array("d", [1.0, 2.0]).tobytes(),
)
SEGMENT = [
    records.encode_head(HEAD),
    records.encode_layout(LAYOUT),
    records.encode_frame(FRAME),
    records.encode_acknowledged("http://a", HEAD.generation, [(7, 7)]),
    records.encode_closed(),
]
WHOLE = b"".join(SEGMENT)


def golden() -> bytes:
    return bytes.fromhex(GOLDEN.read_text())


def found(data: bytes) -> list[Record]:
    return [each for each in records.scan(data) if isinstance(each, Record)]


def test_the_golden_file_reads_back() -> None:
    head, layout, frame, acknowledged, closed = found(golden())
    assert records.decode_head(head.payload) == HEAD
    assert records.decode_stored_layout(layout.payload) == LAYOUT
    assert records.decode_frame(frame.payload) == FRAME
    assert records.peek_frame(frame.payload) == (FRAME.sequence, FRAME.timestamp)
    assert records.decode_acknowledged(acknowledged.payload) == ("http://a", HEAD.generation, [(7, 7)])
    assert (closed.kind, bytes(closed.payload)) == (records.KIND_CLOSED, b"")


def test_what_is_written_is_of_the_format() -> None:
    """Compressed parts may differ from one zstd to the next; all around them may not."""
    assert [r.kind for r in found(WHOLE)] == [r.kind for r in found(golden())]
    assert SEGMENT[0] == golden()[: len(SEGMENT[0])]
    assert golden().endswith(SEGMENT[3] + SEGMENT[4])


@pytest.mark.parametrize("cut", [1, 5, len(SEGMENT[4]), len(SEGMENT[4]) + 1])
def test_a_torn_tail_is_told(cut: int) -> None:
    kept = 4 if cut <= len(SEGMENT[4]) else 3
    whole = list(records.scan(WHOLE[:-cut]))
    if cut == len(SEGMENT[4]):
        assert [type(each) for each in whole] == [Record] * 4
    else:
        end = sum(len(part) for part in SEGMENT[:kept])
        assert whole[kept:] == [Damage(end, len(WHOLE) - cut, is_tail=True)]


@given(st.data())
def test_one_flipped_bit_costs_one_record(data: st.DataObject) -> None:
    position = data.draw(st.integers(0, len(WHOLE) - 1))
    flipped = bytearray(WHOLE)
    flipped[position] ^= 1 << data.draw(st.integers(0, 7))
    victim = next(i for i in range(5) if position < sum(len(part) for part in SEGMENT[: i + 1]))
    expected = [bytes(r.payload) for i, r in enumerate(found(WHOLE)) if i != victim]
    assert [bytes(r.payload) for r in found(bytes(flipped))] == expected


@given(st.binary(max_size=200), st.binary(max_size=200))
def test_foreign_bytes_between_records_are_stepped_over(before: bytes, between: bytes) -> None:
    payloads = [bytes(r.payload) for r in found(before + SEGMENT[0] + between + SEGMENT[3])]
    assert payloads == [bytes(r.payload) for i, r in enumerate(found(WHOLE)) if i in (0, 3)]


@given(st.binary(max_size=500))
def test_any_bytes_can_be_scanned(data: bytes) -> None:
    spans = [(each.start, each.end) for each in records.scan(data)]
    assert [start for start, _ in spans] == [0, *(end for _, end in spans)][: len(spans)]
    assert not spans or spans[-1][1] == len(data)
