"""The quick road gives what the other gives, or nothing: it takes only what goes on from a frame that is known."""

import itertools
from array import array
from dataclasses import replace as with_sender

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from vedette_server.ingest.bases import Bases
from vedette_server.ingest.quick import quick_frame, record_of_sender, resolved
from vedette_shared.frames import Frame, Sender, decode_message, encode_message, encode_target
from vedette_shared.labels import make_labels

SENDER = Sender("h1", 7)
TARGET = encode_target(make_labels(job="node", instance="h1", host="h1"))
FIRST = Frame(1, 15_000, TARGET, "node", b"layout--layout--", array("d", [1.0, -0.0, 3e9]).tobytes())
SECOND = replace(FIRST, sequence=2, timestamp=30_000, values=array("d", [1.5, float("nan"), 4e9]).tobytes())


def knowing(*frames: Frame) -> Bases:
    bases = Bases()
    for frame in frames:
        bases.remember(SENDER, record_of_sender(encode_message(SENDER, [], [frame])), [frame])
    return bases


PLAIN = encode_message(SENDER, [], [SECOND.on_base(FIRST)])


def test_takes_a_frame_that_goes_on() -> None:
    taken = quick_frame(PLAIN, knowing(FIRST))
    assert taken is not None
    assert (taken.lane.sender, taken.lane.last, resolved([taken])) == (SENDER, FIRST, [SECOND])


@pytest.mark.parametrize(
    "message",
    [
        pytest.param(encode_message(SENDER, [], [SECOND]), id="stands for itself"),
        pytest.param(encode_message(SENDER, [], [replace(SECOND.on_base(FIRST), base=5)]), id="another base"),
        pytest.param(encode_message(SENDER, [], [replace(SECOND, base=1, layout=bytes(16))]), id="another layout"),
        pytest.param(encode_message(SENDER, [], [replace(SECOND, base=1, source="ipmi")]), id="another source"),
        pytest.param(encode_message(SENDER, [], [replace(SECOND, base=1, values=bytes(16))]), id="fewer values"),
        pytest.param(encode_message(with_sender(SENDER, generation=8), [], [SECOND.on_base(FIRST)]), id="generation"),
        pytest.param(encode_message(with_sender(SENDER, agent="h2"), [], [SECOND.on_base(FIRST)]), id="another agent"),
        pytest.param(encode_message(SENDER, [], [SECOND.on_base(FIRST)] * 2), id="two frames"),
        pytest.param(encode_message(SENDER, [], []), id="no frame"),
        pytest.param(PLAIN + b"\0", id="more than it says"),
        pytest.param(b"", id="nothing"),
    ],
)
def test_leaves_everything_else_to_the_other_road(message: bytes) -> None:
    assert quick_frame(message, knowing(FIRST)) is None


def test_leaves_a_layout_that_its_source_has_left() -> None:
    assert quick_frame(PLAIN, knowing(FIRST, replace(FIRST, sequence=1, layout=bytes(16)))) is None


@given(st.integers(0, len(PLAIN) - 1), st.integers(1, 255))
def test_takes_no_damaged_message(place: int, change: int) -> None:
    damaged = bytearray(PLAIN)
    damaged[place] ^= change
    assert quick_frame(bytes(damaged), knowing(FIRST)) is None


@given(st.integers(0, len(PLAIN)))
def test_takes_no_message_that_is_cut_short(length: int) -> None:
    taken = quick_frame(PLAIN[:length], knowing(FIRST))
    assert (taken is not None) == (length == len(PLAIN))


@given(st.lists(st.lists(st.floats(width=64), min_size=3, max_size=3), min_size=2, max_size=6))
def test_gives_what_the_other_road_gives(rows: list[list[float]]) -> None:
    frames = [
        replace(FIRST, sequence=i, timestamp=1000 * i, values=array("d", row).tobytes())
        for i, row in enumerate(rows, 1)
    ]
    bases = knowing(frames[0])
    for before, frame in itertools.pairwise(frames):
        message = encode_message(SENDER, [], [frame.on_base(before)])
        taken = quick_frame(message, bases)
        assert taken is not None
        assert bases.resolve(SENDER, decode_message(message).frames) == ([frame], [])
        assert resolved([taken]) == [frame]
        taken.lane.last = frame
