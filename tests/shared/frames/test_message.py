"""Messages read back whole; a cut, a flipped bit or a foreign version is one clear error."""

import re
import struct
from array import array
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace as replace_event

from vedette_shared.errors import FrameError
from vedette_shared.events import Event, Severity
from vedette_shared.frames import (
    ABSENT,
    ABSENT_BITS,
    STALE_BITS,
    STALE_NAN,
    Frame,
    LayoutDecoder,
    LayoutMemory,
    Message,
    Metadata,
    Sender,
    Series,
    decode_layout,
    decode_message,
    decode_target,
    encode_message,
    encode_target,
    layout_of,
    values_of,
)
from vedette_shared.frames.values import from_planes, to_planes, xor
from vedette_shared.labels import make_labels
from vedette_shared.metrics import MetricFamily, MetricType, counter, gauge

GOLDEN = Path(__file__).with_name("golden_message.hex")


def families() -> list[MetricFamily]:
    load = gauge("node_load1", "1m load average.", 0.25)
    network = counter("node_network_receive_bytes_total", "Network device statistic receive_bytes.")
    network.add(1024.0, make_labels(device="eth0"))
    network.add(float("inf"), make_labels(device="lo"))
    return [load, network]


def golden_message() -> tuple[Sender, Message]:
    layout = layout_of(families())
    target = encode_target(make_labels(job="node", instance="h1", host="h1"))
    first = Frame(1, 1_700_000_000_000, target, "node", layout.hash, values_of(families()).tobytes())
    later = array("d", [0.5, 2048.0, ABSENT])
    second = Frame(2, 1_700_000_015_000, target, "node", layout.hash, later.tobytes())
    sender = Sender("h1", 0x1122334455667788)
    return sender, Message(sender, (layout,), (first, second.on_base(first)))


def test_the_bytes_are_those_of_the_golden_file() -> None:
    sender, message = golden_message()
    assert encode_message(sender, message.layouts, message.frames) == bytes.fromhex(GOLDEN.read_text())


EVENTS = {
    2: (
        Event(1_700_000_014_000, "ipmi", Severity.CRITICAL, "PS2: input lost", labels={"record": "7"}, id="sel.1"),
        Event(-1, "snmp", Severity.INFO, "Verbindung wieder da — ü", "switch1"),
    )
}
GOLDEN_EVENTS = Path(__file__).with_name("golden_message_events.hex")


def test_events_make_it_version_2() -> None:
    """And a message without any stays one of version 1, whose receivers take it."""
    sender, message = golden_message()
    encoded = encode_message(sender, message.layouts, message.frames, EVENTS)
    assert encoded == bytes.fromhex(GOLDEN_EVENTS.read_text())
    assert decode_message(encoded) == replace(message, events=EVENTS)
    with pytest.raises(FrameError, match="unexpected record of kind 4"):
        decode_message(b"VDF1" + encoded[4:])


@pytest.mark.parametrize(
    ("events", "problem"),
    [
        ({3: EVENTS[2]}, "events with frame 3, which the message does not have"),
        ({2: EVENTS[2] * 501}, "1002 events with frame 2; a frame may have 1000"),
        ({2: [replace_event(EVENTS[2][0], time=2**63)]}, "malformed events: Expected `int` <= 9223372036854775807"),
        ({2: [replace_event(EVENTS[2][0], severity="odd")]}, "malformed events: Invalid enum value 'odd'"),
    ],
)
def test_events_that_do_not_fit(events: Mapping[int, Sequence[Event]], problem: str) -> None:
    sender, message = golden_message()
    with pytest.raises(FrameError, match=re.escape(problem)):
        decode_message(encode_message(sender, message.layouts, message.frames, events))


def test_events_come_once() -> None:
    sender, message = golden_message()
    encoded = encode_message(sender, message.layouts, message.frames, EVENTS)
    record = encoded[len(encode_message(sender, message.layouts, message.frames)) :]
    with pytest.raises(FrameError, match="the events of frame 2 come twice"):
        decode_message(encoded + record)


some_events = st.lists(
    st.builds(
        Event,
        st.integers(-(2**63), 2**63 - 1),
        st.text(),
        st.sampled_from(Severity),
        st.text(),
        st.text(),
        st.dictionaries(st.text(), st.text()),
        st.text(),
    ),
    max_size=5,
)


@given(some_events)
def test_any_events_read_back(events: list[Event]) -> None:
    sender, message = golden_message()
    encoded = encode_message(sender, message.layouts, message.frames, {1: events})
    assert decode_message(encoded).events == {1: tuple(events)}


def test_the_golden_file_reads_back() -> None:
    _, message = golden_message()
    decoded = decode_message(bytes.fromhex(GOLDEN.read_text()))
    assert decoded == message
    assert decoded.layouts[0].families == (
        Metadata("node_load1", MetricType.GAUGE, "1m load average."),
        Metadata("node_network_receive_bytes_total", MetricType.COUNTER, "Network device statistic receive_bytes."),
    )
    assert decoded.layouts[0].series == (
        Series("node_load1", (), 0),
        Series("node_network_receive_bytes_total", (("device", "eth0"),), 1),
        Series("node_network_receive_bytes_total", (("device", "lo"),), 1),
    )
    first, second = decoded.frames
    assert struct.unpack("<3d", second.resolved(first.values).values)[:2] == (0.5, 2048.0)


def record_ends(message: bytes) -> set[int]:
    ends, at = set(), 4
    while at < len(message):
        at += 9 + int.from_bytes(message[at + 1 : at + 5], "little")
        ends.add(at)
    return ends


def test_a_message_cut_short_within_a_record() -> None:
    whole = bytes.fromhex(GOLDEN.read_text())
    for length in set(range(len(whole))) - record_ends(whole):
        with pytest.raises(FrameError):
            decode_message(whole[:length])


@given(st.data())
def test_a_flipped_bit_is_found(data: st.DataObject) -> None:
    whole = bytearray(bytes.fromhex(GOLDEN.read_text()))
    position = data.draw(st.integers(0, len(whole) - 1))
    whole[position] ^= 1 << data.draw(st.integers(0, 7))
    with pytest.raises(FrameError):
        decode_message(bytes(whole))


def test_what_is_not_a_message_says_so() -> None:
    with pytest.raises(FrameError, match=r"^not a message of frames: it begins with 7b22, not 56444631$"):
        decode_message(b'{"')


def test_a_base_of_another_length_is_refused() -> None:
    _, message = golden_message()
    with pytest.raises(FrameError, match=r"^frame 2 has another number of values than its base 1$"):
        message.frames[1].resolved(b"\0" * 8)


doubles = st.binary(min_size=8, max_size=8)


@given(st.lists(st.tuples(doubles, doubles)))
def test_planes_and_xor_keep_every_bit(pairs: list[tuple[bytes, bytes]]) -> None:
    values, base = (b"".join(column) for column in zip(*pairs, strict=True)) if pairs else (b"", b"")
    assert xor(from_planes(to_planes(xor(values, base))), base) == values


def test_markers_have_the_bits_of_the_format() -> None:
    assert struct.pack("<d", STALE_NAN) == STALE_BITS.to_bytes(8, "little")
    assert struct.pack("<d", ABSENT) == ABSENT_BITS.to_bytes(8, "little")


@pytest.mark.parametrize("encoded", [b"", b"\xc1", b"\x92\xa1b\xa1x\xa1a", b"\x94\xa1b\xa11\xa1a\xa12"])
def test_malformed_targets(encoded: bytes) -> None:
    with pytest.raises(FrameError):
        decode_target(encoded)


@pytest.mark.parametrize("encoded", [b"", b"\x90\x00", b"\x91\x95\xa1a\xa5gauge\xa0\xa0\x91\x92\xa1a\x91\xa1x"])
def test_malformed_layouts(encoded: bytes) -> None:
    with pytest.raises(FrameError):
        decode_layout(encoded)


def test_a_layout_is_encoded_anew_only_when_its_series_change() -> None:
    memory = LayoutMemory()
    first = memory.layout_of(families())
    changed = families()
    changed[1].samples.pop()
    assert memory.layout_of(families()) is first
    assert memory.layout_of(changed) == layout_of(changed)


def test_the_layouts_that_came_lately_are_decoded_once() -> None:
    first, second = layout_of(families()), layout_of(families()[:1])
    decoder = LayoutDecoder(remembered=1)
    decoded = decoder.decode(first.encoded)
    assert (decoded, decoder.decode(bytes(bytearray(first.encoded))) is decoded) == (first, True)
    assert decoder.decode(second.encoded) == second
    assert decoder.decode(first.encoded) is not decoded
    with pytest.raises(FrameError, match="not in canonical form"):
        decoder.decode(b"\xdc\x00\x00")
