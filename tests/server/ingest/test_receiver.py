"""The answers to pushed messages are those of the wire format's table, and a message is stored whole or not at all."""

from collections.abc import Sequence

import msgspec
import pytest
import zstandard
from msgspec.structs import replace

from vedette_server.ingest import IngestLimits, Receiver
from vedette_server.state import NewEvent, StateError
from vedette_server.storage.errors import StorageError
from vedette_server.storage.interface import Delivery, LooseSamples, Receipt
from vedette_shared.clock import ManualClock
from vedette_shared.events import Event, Severity
from vedette_shared.frames import Frame, Layout, Sender, encode_message, encode_target, layout_of, values_of
from vedette_shared.http import Response
from vedette_shared.labels import Labels, make_labels
from vedette_shared.metrics import MetricFamily, MetricType, Sample, gauge

SENDER = Sender("h1", 7)
TARGET = encode_target(make_labels(job="node", instance="h1", host="h1"))


class Memory:
    """An Appender that keeps what it is given; ``failure`` is raised instead where it is set."""

    def __init__(self) -> None:
        self.layouts: dict[bytes, Layout] = {}
        self.frames: list[Frame] = []
        self.failure: StorageError | None = None

    def unknown_layouts(self, hashes: Sequence[bytes]) -> list[bytes]:
        return [layout for layout in hashes if layout not in self.layouts]

    async def append_deliveries(self, deliveries: Sequence[Delivery]) -> list[Receipt]:
        if self.failure is not None:
            raise self.failure
        return [self.append(delivery) for delivery in deliveries]

    def append(self, delivery: Delivery) -> Receipt:
        self.layouts |= {layout.hash: layout for layout in delivery.layouts}
        self.frames += delivery.frames
        samples = sum(len(self.layouts[frame.layout]) for frame in delivery.frames)
        return Receipt(samples, 0, 0, 0, max(frame.sequence for frame in self.frames))

    async def append_samples(self, labels: Sequence[Labels], samples: LooseSamples) -> Receipt:
        raise NotImplementedError


def made(sequence: int, value: float) -> tuple[Layout, Frame]:
    families = [gauge("node_load1", "1m load average.", value)]
    layout = layout_of(families)
    values = values_of(families).tobytes()
    return layout, Frame(sequence, sequence * 15_000, TARGET, "node", layout.hash, values)


def pushed(layouts: Sequence[Layout], *frames: Frame, sender: Sender = SENDER) -> bytes:
    return zstandard.compress(encode_message(sender, layouts, frames))


async def take(receiver: Receiver, body: bytes) -> Response:
    (answer,) = await receiver.take([body])
    return answer


LAYOUT, FIRST = made(1, 0.25)
_, SECOND = made(2, 0.5)
_, THIRD = made(3, 0.75)


async def test_stores_and_acknowledges_the_highest_sequence() -> None:
    memory = Memory()
    receiver = Receiver(memory)
    answer = await take(receiver, pushed([LAYOUT], FIRST, SECOND.on_base(FIRST)))
    assert (answer.status, msgspec.json.decode(answer.body)) == (200, {"sequence": 2})
    assert memory.frames == [FIRST, SECOND]


async def test_a_base_may_be_of_an_earlier_message() -> None:
    memory = Memory()
    receiver = Receiver(memory)
    await take(receiver, pushed([LAYOUT], FIRST))
    answer = await take(receiver, pushed([], SECOND.on_base(FIRST)))
    assert (answer.status, memory.frames) == (200, [FIRST, SECOND])


async def test_asks_for_what_it_does_not_know_and_stores_nothing() -> None:
    memory = Memory()
    answer = await take(Receiver(memory), pushed([], FIRST, THIRD.on_base(SECOND)))
    assert answer.status == 409
    assert msgspec.json.decode(answer.body) == {
        "error": "layouts or base frames are not known here; send them along",
        "layouts": [LAYOUT.hash.hex()],
        "bases": [2],
    }
    assert memory.frames == []


@pytest.mark.parametrize("sender", [Sender("h1", 8), Sender("h2", 7)])
async def test_a_base_is_not_taken_from_another_sender(sender: Sender) -> None:
    receiver = Receiver(Memory())
    await take(receiver, pushed([LAYOUT], FIRST))
    answer = await take(receiver, pushed([], SECOND.on_base(FIRST), sender=sender))
    assert (answer.status, msgspec.json.decode(answer.body)["bases"]) == (409, [1])


async def test_what_the_store_did_not_take_is_no_base() -> None:
    memory = Memory()
    receiver = Receiver(memory)
    memory.failure = StorageError("no space left on /data")
    refused = await take(receiver, pushed([LAYOUT], FIRST))
    memory.failure = None
    assert (refused.status, refused.headers) == (503, (("Retry-After", "5"),))
    assert msgspec.json.decode(refused.body) == {"error": "no space left on /data"}
    memory.layouts[LAYOUT.hash] = LAYOUT
    answer = await take(receiver, pushed([], SECOND.on_base(FIRST)))
    assert (answer.status, memory.frames) == (409, [])


NAMED = layout_of([MetricFamily("load", MetricType.GAUGE, samples=[Sample("load", (("__name__", "x"),), 1.0)])])
WHOLE = pushed([LAYOUT], FIRST)
MALFORMED = [
    (b"", "the body is not a whole zstd frame: "),
    (b"GET / HTTP/1.1", "the body is not a whole zstd frame: "),
    (WHOLE[:-5], "the body is not a whole zstd frame: "),
    (zstandard.ZstdCompressor(write_content_size=False).compress(b"VDF1"), "the body's zstd header does not state"),
    (zstandard.compress(b'{"json": 1}'), "not a message of frames: it begins with 7b226a73, not 56444631"),
    (zstandard.compress(encode_message(SENDER, [LAYOUT], [FIRST])[:-1]), "the message is cut short in the record at"),
    (zstandard.compress(encode_message(SENDER, [LAYOUT], [FIRST])[:-1] + b"\0"), "wrong checksum of the record at"),
    (pushed([NAMED]), "the layout of load has a series with a label __name__ of its own"),
    (pushed([LAYOUT], replace(FIRST, target=encode_target((("__name__", "x"),)))), "a target has a label __name__"),
    (pushed([LAYOUT], FIRST, replace(SECOND, values=b"", base=1)), "frame 2 has another number of values than its"),
]


@pytest.mark.parametrize(("body", "beginning"), MALFORMED)
async def test_a_malformed_body_is_one_clear_line(body: bytes, beginning: str) -> None:
    memory = Memory()
    answer = await take(Receiver(memory), body)
    error = msgspec.json.decode(answer.body)["error"]
    assert (answer.status, error[: len(beginning)], "\n" in error) == (400, beginning, False)
    assert memory.frames == []


async def test_a_body_that_would_grow_too_large_is_not_decompressed() -> None:
    bomb = zstandard.compress(bytes(2**20))
    answer = await take(Receiver(Memory(), IngestLimits(message_bytes=2**16)), bomb)
    assert (answer.status, msgspec.json.decode(answer.body)) == (
        413,
        {"error": "a message of 1048576 bytes; this server takes 65536"},
    )


async def test_messages_that_come_together_are_stored_or_refused_each_by_itself() -> None:
    memory = Memory()
    receiver = Receiver(memory)
    bodies = [pushed([LAYOUT], FIRST), b"junk", pushed([], THIRD.on_base(SECOND)), pushed([LAYOUT], SECOND)]
    answers = await receiver.take(bodies)
    assert [answer.status for answer in answers] == [200, 400, 409, 200]
    assert memory.frames == [FIRST, SECOND]
    assert receiver.counters.errors == {"malformed": 1, "incomplete": 1}


class Events:
    """A sink that keeps what it is given, each key once; ``failure`` is raised instead where it is set."""

    def __init__(self) -> None:
        self.stored: dict[tuple[str, str], NewEvent] = {}
        self.failure: StateError | None = None

    async def add_events(self, events: Sequence[NewEvent], received: int) -> int:
        assert received == 77
        if self.failure is not None:
            raise self.failure
        before = len(self.stored)
        self.stored = {(event.agent, event.key): event for event in events} | self.stored
        return len(self.stored) - before


PLAIN = Event(5, "ipmi", Severity.CRITICAL, "PS2: input lost", labels={"sensor": "PS2"})
NAMED = Event(6, "snmp", Severity.INFO, "link up", "switch1", id="abc")


def pushed_with(events: Sequence[Event], layouts: Sequence[Layout], frame: Frame) -> bytes:
    return zstandard.compress(encode_message(SENDER, layouts, [frame], {frame.sequence: events}))


async def test_events_are_stored_with_the_keys_and_hosts_that_they_stand_for() -> None:
    memory, sink = Memory(), Events()
    receiver = Receiver(memory, sink=sink, clock=ManualClock(77))
    assert await take(receiver, pushed_with([PLAIN, NAMED], [LAYOUT], FIRST)) == Response(
        200, b'{"sequence":1}', "application/json"
    )
    assert [*sink.stored.values()] == [
        NewEvent("h1", "at:7.1.0", 5, "h1", "ipmi", Severity.CRITICAL, "PS2: input lost", {"sensor": "PS2"}),
        NewEvent("h1", "id:abc", 6, "switch1", "snmp", Severity.INFO, "link up", {}),
    ]
    # Once more, as after an answer that was lost; and then told anew with another frame, as after the agent's death.
    await take(receiver, pushed_with([PLAIN, NAMED], [LAYOUT], FIRST))
    await take(receiver, pushed_with([NAMED], [], SECOND))
    assert (receiver.counters.events, receiver.counters.repeated_events) == (2, 3)


async def test_the_quick_road_goes_on_behind_a_message_with_events() -> None:
    memory = Memory()
    receiver = Receiver(memory, sink=Events(), clock=ManualClock(77))
    await take(receiver, pushed([LAYOUT], FIRST))
    assert (await take(receiver, pushed_with([PLAIN], [], SECOND.on_base(FIRST)))).status == 200
    assert (await take(receiver, pushed([], THIRD.on_base(SECOND)))).status == 200
    assert memory.frames == [FIRST, SECOND, THIRD]


async def test_nothing_of_a_message_is_acknowledged_whose_events_cannot_be_stored() -> None:
    memory, sink = Memory(), Events()
    receiver = Receiver(memory, sink=sink, clock=ManualClock(77))
    sink.failure = StateError("state.sqlite: disk full")
    answer = await take(receiver, pushed_with([PLAIN], [LAYOUT], FIRST))
    assert (answer.status, answer.body, memory.frames) == (503, b'{"error":"state.sqlite: disk full"}', [])
    sink.failure = None
    memory.failure = StorageError("log: disk full")
    assert (await take(receiver, pushed_with([PLAIN], [LAYOUT], FIRST))).status == 503
    memory.failure = None
    assert (await take(receiver, pushed_with([PLAIN], [LAYOUT], FIRST))).status == 200
    assert (memory.frames, len(sink.stored), receiver.counters.repeated_events) == ([FIRST], 1, 1)


async def test_events_wait_until_the_receiver_knows_the_layout() -> None:
    sink = Events()
    receiver = Receiver(Memory(), sink=sink, clock=ManualClock(77))
    assert (await take(receiver, pushed_with([PLAIN], [], FIRST))).status == 409
    assert sink.stored == {}
