"""Takes pushed messages in: bytes of a request's body in, an answer out when the samples are durable."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import msgspec
import zstandard

from vedette_server.ingest.bases import Bases
from vedette_server.ingest.planes import from_planes
from vedette_server.storage.errors import StorageError
from vedette_server.storage.interface import Appender
from vedette_shared.errors import FrameError
from vedette_shared.frames import Message, decode_message
from vedette_shared.logs import get_logger

_log = get_logger(__name__)

RETRY_AFTER_S = 5


@dataclass(frozen=True, slots=True)
class IngestLimits:
    """What one message may hold, in bytes once decompressed."""

    message_bytes: int = 64 * 2**20


@dataclass(frozen=True, slots=True)
class Answer:
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
    errors: dict[str, int] = field(default_factory=dict)


class Receiver:
    """Decodes messages, resolves frames against their bases and stores them, all of a message or nothing."""

    def __init__(self, appender: Appender, limits: IngestLimits = IngestLimits()) -> None:
        self._appender = appender
        self._limits = limits
        self._bases = Bases()
        self._decompressor = zstandard.ZstdDecompressor()
        self.counters = IngestCounters()

    async def take(self, body: bytes) -> Answer:
        """Store the zstd-compressed message ``body``; return when it is on disk, or say why it is not."""
        try:
            return await self._store(decode_message(self._decompress(body), from_planes))
        except FrameError as error:
            return self._refuse(400, "malformed", str(error))
        except _TooLargeError as error:
            return self._refuse(413, "too_large", str(error))
        except StorageError as error:
            _log.error("samples not stored", error=error)
            return self._refuse(503, "storage", str(error), headers=(("Retry-After", str(RETRY_AFTER_S)),))

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

    async def _store(self, message: Message) -> Answer:
        frames, unknown_bases = self._bases.resolve(message.sender, message.frames)
        sent = {layout.hash for layout in message.layouts}
        wanted = {frame.layout for frame in message.frames} - sent
        unknown_layouts = self._appender.unknown_layouts(sorted(wanted))
        if unknown_layouts or unknown_bases:
            return self._ask_for(unknown_layouts, unknown_bases)
        receipt = await self._appender.append_frames(message.sender, message.layouts, frames)
        self._bases.remember(message.sender, frames)
        self.counters.messages += 1
        self.counters.frames += len(frames)
        self.counters.samples += receipt.stored
        self.counters.repeated_samples += receipt.repeated
        self.counters.refused_samples += receipt.refused
        self.counters.too_old_samples += receipt.too_old
        return Answer(200, msgspec.json.encode({"sequence": receipt.highest_sequence}))

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
