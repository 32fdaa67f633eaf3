"""Takes pushed messages in: bytes of a request's body in, an answer out when the samples are durable."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import msgspec
import zstandard

from vedette_server.ingest.bases import Bases, Lane
from vedette_server.ingest.events import EventSink, events_of
from vedette_server.ingest.planes import from_planes
from vedette_server.ingest.quick import QuickFrame, quick_frame, record_of_sender, resolved
from vedette_server.state import NewEvent, StateError
from vedette_server.storage.errors import StorageError
from vedette_server.storage.interface import Appender, Delivery, Receipt
from vedette_shared.clock import Clock, SystemClock
from vedette_shared.errors import FrameError, VedetteError
from vedette_shared.frames import MAGIC, LayoutDecoder, Message, decode_message, decode_target
from vedette_shared.http import Response
from vedette_shared.labels import METRIC_NAME
from vedette_shared.logs import get_logger

_log = get_logger(__name__)

JSON = "application/json"
RETRY_AFTER_S = 5
_NAME = METRIC_NAME.encode()
BATCH_BYTES = 8 * 2**20
"""About so much of messages, decompressed, is held at a time and stored together."""


@dataclass(frozen=True, slots=True)
class IngestLimits:
    """What one message may hold, in bytes once decompressed."""

    message_bytes: int = 64 * 2**20


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


class _Opened(msgspec.Struct, frozen=True, gc=False):
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

    async def take(self, bodies: Sequence[bytes]) -> list[Response]:
        """Store the zstd-compressed messages ``bodies``; return when they are on disk, or say why they are not.

        Each is stored or refused by itself; ``vedette_shared/frames/FORMAT.md`` lists the answers. One that goes on
        from a frame of another in ``bodies`` finds it unknown.
        """
        answers: list[Response] = []
        for batch in self._batches(bodies):
            answers += await self._store(batch)
        return answers

    def _batches(self, bodies: Sequence[bytes]) -> Iterator[list[_Opened | Response]]:
        """Open messages, so many at a time as memory should hold."""
        batch: list[_Opened | QuickFrame | Response] = []
        size = 0
        for body in bodies:
            opened, length = self._open(body)
            batch.append(opened)
            size += length
            if size >= BATCH_BYTES:
                yield self._with_quick(batch)
                batch, size = [], 0
        if batch:
            yield self._with_quick(batch)

    def _open(self, body: bytes) -> tuple[_Opened | QuickFrame | Response, int]:
        """Return (what is to be stored of a message or why it is not, its size)."""
        try:
            data = self._decompress(body)
            return quick_frame(data, self._bases) or self._open_any(data), len(data)
        except FrameError as error:
            return self._refuse(400, "malformed", str(error)), 0
        except _TooLargeError as error:
            return self._refuse(413, "too_large", str(error)), 0

    def _open_any(self, data: bytes) -> _Opened | Response:
        message = decode_message(data, from_planes, self._layouts.decode)
        _check_names(message)
        # The quick road knows senders by messages without events.
        return self._resolve(message, MAGIC + record_of_sender(data)[len(MAGIC) :])

    def _with_quick(self, batch: Sequence[_Opened | QuickFrame | Response]) -> list[_Opened | Response]:
        """Resolve the frames of the quick road, all at once."""
        quick = [one for one in batch if isinstance(one, QuickFrame)]
        forgotten = self._appender.unknown_layouts(list({one.lane.last.layout for one in quick}))
        frames = iter(resolved(quick) if quick else ())
        opened: list[_Opened | Response] = []
        for one in batch:
            if isinstance(one, QuickFrame):
                frame, lane = next(frames), one.lane
                delivery = Delivery(lane.sender, (), (frame,))
                known = frame.layout not in forgotten
                opened.append(_Opened(delivery, lane=lane) if known else self._open_any(one.message))
            else:
                opened.append(one)
        return opened

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

    def _resolve(self, message: Message, record: bytes) -> _Opened | Response:
        frames, unknown_bases = self._bases.resolve(message.sender, message.frames)
        sent = {layout.hash for layout in message.layouts}
        wanted = {frame.layout for frame in message.frames} - sent
        unknown_layouts = self._appender.unknown_layouts(sorted(wanted))
        if unknown_layouts or unknown_bases:
            return self._ask_for(unknown_layouts, unknown_bases)
        return _Opened(Delivery(message.sender, message.layouts, frames), record, events_of(message))

    async def _store(self, batch: Sequence[_Opened | Response]) -> list[Response]:
        opened = [one for one in batch if isinstance(one, _Opened)]
        deliveries = [one.delivery for one in opened]
        outcomes: Sequence[Receipt | VedetteError]
        try:
            await self._store_events([event for one in opened for event in one.events])
            outcomes = await self._appender.append_deliveries(deliveries) if deliveries else ()
        except (StorageError, StateError) as error:
            outcomes = [error] * len(deliveries)
        self._count([outcome for outcome in outcomes if isinstance(outcome, Receipt)])
        told = iter(outcomes)
        return [self._answer(one, next(told)) if isinstance(one, _Opened) else one for one in batch]

    async def _store_events(self, events: Sequence[NewEvent]) -> None:
        """Store events before their frames: should those fail, the events come again and are known by their keys."""
        if not events or self._sink is None:
            return
        fresh = await self._sink.add_events(events, self._clock.now_ms())
        self.counters.events += fresh
        self.counters.repeated_events += len(events) - fresh

    def _count(self, receipts: Sequence[Receipt]) -> None:
        counters = self.counters
        counters.messages += len(receipts)
        counters.samples += sum([receipt.stored for receipt in receipts])
        counters.repeated_samples += sum([receipt.repeated for receipt in receipts])
        counters.refused_samples += sum([receipt.refused for receipt in receipts])
        counters.too_old_samples += sum([receipt.too_old for receipt in receipts])

    def _answer(self, opened: _Opened, outcome: Receipt | VedetteError) -> Response:
        if isinstance(outcome, Receipt):
            return self._acknowledge(opened, outcome)
        if isinstance(outcome, FrameError):
            return self._refuse(400, "malformed", str(outcome))
        _log.error("samples not stored", error=outcome)
        return self._refuse(503, "storage", str(outcome), headers=(("Retry-After", str(RETRY_AFTER_S)),))

    def _acknowledge(self, opened: _Opened, receipt: Receipt) -> Response:
        delivery, lane = opened.delivery, opened.lane
        if lane is not None:
            lane.last = delivery.frames[0]
        else:
            self._bases.remember(delivery.sender, opened.record, delivery.frames)
        self.counters.frames += len(delivery.frames)
        return Response(200, b'{"sequence":%d}' % receipt.highest_sequence, JSON)

    def _ask_for(self, layouts: Sequence[bytes], bases: Sequence[int]) -> Response:
        self._count_error("incomplete")
        body = {
            "error": "layouts or base frames are not known here; send them along",
            "layouts": [layout.hex() for layout in layouts],
            "bases": list(bases),
        }
        return Response(409, msgspec.json.encode(body), JSON)

    def _refuse(self, status: int, reason: str, text: str, headers: tuple[tuple[str, str], ...] = ()) -> Response:
        self._count_error(reason)
        return Response(status, msgspec.json.encode({"error": text}), JSON, headers)

    def _count_error(self, reason: str) -> None:
        self.counters.errors[reason] = self.counters.errors.get(reason, 0) + 1


class _TooLargeError(Exception):
    """The message is larger than this server takes."""


def _check_names(message: Message) -> None:
    """Raise FrameError where a label is ``__name__``: the series would have two names, and no query could bear it."""
    for layout in message.layouts:
        if _NAME in layout.encoded:
            for series in layout.series:
                if any(name == METRIC_NAME for name, _ in series.labels):
                    raise FrameError(f"the layout of {series.name} has a series with a label {METRIC_NAME} of its own")
    for target in {frame.target for frame in message.frames if _NAME in frame.target}:
        if any(name == METRIC_NAME for name, _ in decode_target(target)):
            raise FrameError(f"a target has a label {METRIC_NAME}")
