"""Takes pushed messages in: bytes of a request's body in, an answer out when the samples are durable."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import msgspec
import zstandard

from vedette_server.ingest.bases import Bases, Lane
from vedette_server.ingest.events import EventSink, events_of
from vedette_server.ingest.planes import from_planes
from vedette_server.ingest.quick import quick_frame, record_of_sender
from vedette_server.state import NewEvent, StateError
from vedette_server.storage.errors import StorageError
from vedette_server.storage.interface import Appender, Delivery, Receipt
from vedette_shared.clock import Clock, SystemClock
from vedette_shared.errors import FrameError, VedetteError
from vedette_shared.frames import MAGIC, LayoutDecoder, Message, decode_message
from vedette_shared.logs import get_logger

_log = get_logger(__name__)

RETRY_AFTER_S = 5
BATCH_BYTES = 8 * 2**20
"""About so much of messages, decompressed, is held at a time and stored together."""


@dataclass(frozen=True, slots=True)
class IngestLimits:
    """What one message may hold, in bytes once decompressed."""

    message_bytes: int = 64 * 2**20


class Answer(msgspec.Struct, frozen=True):
    """An HTTP answer: its status, a JSON body and more headers. ``vedette_shared/frames/FORMAT.md`` lists them."""

    status: int
    body: bytes
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(slots=True)
class IngestCounters:
    """What was taken and what was not, since the start."""

    messages: int = 0
    frames: int = 0
    samples: int = 0
    repeated_samples: int = 0
    refused_samples: int = 0
    too_old_samples: int = 0
    events: int = 0
    repeated_events: int = 0
    errors: dict[str, int] = field(default_factory=dict)


class _Opened(msgspec.Struct, frozen=True):
    """A message that can be stored; ``lane`` is that of its one frame if it came the quick road."""

    delivery: Delivery
    record: bytes = b""
    events: Sequence[NewEvent] = ()
    lane: Lane | None = None


class Receiver:
    """Decodes messages, resolves frames against their bases and stores them, all of a message or nothing."""

    def __init__(
        self,
        appender: Appender,
        limits: IngestLimits = IngestLimits(),
        sink: EventSink | None = None,
        clock: Clock | None = None,
    ) -> None:
        self._appender = appender
        self._sink = sink
        self._clock = clock or SystemClock()
        self._limits = limits
        self._bases = Bases()
        self._layouts = LayoutDecoder()
        self._decompressor = zstandard.ZstdDecompressor()
        self.counters = IngestCounters()

    async def take(self, bodies: Sequence[bytes]) -> list[Answer]:
        """Store the zstd-compressed messages ``bodies``; return when they are on disk, or say why they are not.

        Each is stored or refused by itself. One that goes on from a frame of another in ``bodies`` finds it unknown.
        """
        answers: list[Answer] = []
        for batch in self._batches(bodies):
            answers += await self._store(batch)
        return answers

    def _batches(self, bodies: Sequence[bytes]) -> Iterator[list[_Opened | Answer]]:
        """Open messages, so many at a time as memory should hold."""
        batch: list[_Opened | Answer] = []
        size = 0
        for body in bodies:
            opened, length = self._open(body)
            batch.append(opened)
            size += length
            if size >= BATCH_BYTES:
                yield batch
                batch, size = [], 0
        if batch:
            yield batch

    def _open(self, body: bytes) -> tuple[_Opened | Answer, int]:
        """Return (what is to be stored of a message or why it is not, its size)."""
        try:
            data = self._decompress(body)
            quick = quick_frame(data, self._bases)
            if quick is not None and not self._appender.unknown_layouts((quick[1].layout,)):
                lane, frame = quick
                return _Opened(Delivery(lane.sender, (), (frame,)), lane=lane), len(data)
            message = decode_message(data, from_planes, self._layouts.decode)
            # The quick road knows senders by messages without events.
            return self._resolve(message, MAGIC + record_of_sender(data)[len(MAGIC) :]), len(data)
        except FrameError as error:
            return self._refuse(400, "malformed", str(error)), 0
        except _TooLargeError as error:
            return self._refuse(413, "too_large", str(error)), 0

    def _decompress(self, body: bytes) -> bytes:
        try:
            size = zstandard.frame_content_size(body)
            if size < 0:
                raise FrameError("the body's zstd header does not state the size of its content")
            if size > self._limits.message_bytes:
                raise _TooLargeError(f"a message of {size} bytes; this server takes {self._limits.message_bytes}")
            return self._decompressor.decompress(body)
        except zstandard.ZstdError as error:
            raise FrameError(f"the body is not a whole zstd frame: {error}") from error

    def _resolve(self, message: Message, record: bytes) -> _Opened | Answer:
        frames, unknown_bases = self._bases.resolve(message.sender, message.frames)
        sent = {layout.hash for layout in message.layouts}
        wanted = {frame.layout for frame in message.frames} - sent
        unknown_layouts = self._appender.unknown_layouts(sorted(wanted))
        if unknown_layouts or unknown_bases:
            return self._ask_for(unknown_layouts, unknown_bases)
        return _Opened(Delivery(message.sender, message.layouts, frames), record, events_of(message))

    async def _store(self, batch: Sequence[_Opened | Answer]) -> list[Answer]:
        deliveries = [one.delivery for one in batch if isinstance(one, _Opened)]
        outcomes: Sequence[Receipt | VedetteError]
        try:
            await self._store_events([event for one in batch if isinstance(one, _Opened) for event in one.events])
            outcomes = await self._appender.append_deliveries(deliveries) if deliveries else ()
        except (StorageError, StateError) as error:
            outcomes = [error] * len(deliveries)
        told = iter(outcomes)
        return [self._answer(one, next(told)) if isinstance(one, _Opened) else one for one in batch]

    async def _store_events(self, events: Sequence[NewEvent]) -> None:
        """Store events before their frames: should those fail, the events come again and are known by their keys."""
        if not events or self._sink is None:
            return
        fresh = await self._sink.add_events(events, self._clock.now_ms())
        self.counters.events += fresh
        self.counters.repeated_events += len(events) - fresh

    def _answer(self, opened: _Opened, outcome: Receipt | VedetteError) -> Answer:
        if isinstance(outcome, Receipt):
            return self._acknowledge(opened, outcome)
        if isinstance(outcome, FrameError):
            return self._refuse(400, "malformed", str(outcome))
        _log.error("samples not stored", error=outcome)
        return self._refuse(503, "storage", str(outcome), headers=(("Retry-After", str(RETRY_AFTER_S)),))

    def _acknowledge(self, opened: _Opened, receipt: Receipt) -> Answer:
        delivery, lane = opened.delivery, opened.lane
        if lane is not None:
            lane.last = delivery.frames[0]
        else:
            self._bases.remember(delivery.sender, opened.record, delivery.frames)
        counters = self.counters
        counters.messages += 1
        counters.frames += len(delivery.frames)
        counters.samples += receipt.stored
        counters.repeated_samples += receipt.repeated
        counters.refused_samples += receipt.refused
        counters.too_old_samples += receipt.too_old
        return Answer(200, b'{"sequence":%d}' % receipt.highest_sequence)

    def _ask_for(self, layouts: Sequence[bytes], bases: Sequence[int]) -> Answer:
        self._count_error("incomplete")
        body = {
            "error": "layouts or base frames are not known here; send them along",
            "layouts": [layout.hex() for layout in layouts],
            "bases": list(bases),
        }
        return Answer(409, msgspec.json.encode(body))

    def _refuse(self, status: int, reason: str, text: str, headers: tuple[tuple[str, str], ...] = ()) -> Answer:
        self._count_error(reason)
        return Answer(status, msgspec.json.encode({"error": text}), headers)

    def _count_error(self, reason: str) -> None:
        self.counters.errors[reason] = self.counters.errors.get(reason, 0) + 1


class _TooLargeError(Exception):
    """The message is larger than this server takes."""
