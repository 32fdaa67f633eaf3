"""Values of the push: its limits, messages, answers and counters."""

from __future__ import annotations

from dataclasses import dataclass, field

from vedette_agent.spool import FrameId, StoredFrame


@dataclass(frozen=True, slots=True)
class PushLimits:
    """How much and how fast.

    Attributes:
        message_bytes: Of a message before compression; a larger single frame goes alone.
        catch_up_bytes_per_s: Of the backlog, before compression.
        backoff_base, backoff_most: Seconds; the longest wait after the first failure, and after any.
    """

    message_bytes: int = 2**20
    catch_up_bytes_per_s: int = 64 * 2**10
    backoff_base: float = 1.0
    backoff_most: float = 60.0


@dataclass(frozen=True, slots=True)
class Push:
    """A message to send: the body of ``POST /v1/push``, compressed with zstd."""

    body: bytes = field(repr=False)
    frames: tuple[StoredFrame, ...] = field(repr=False)
    raw_bytes: int
    is_live: bool

    @property
    def ids(self) -> list[FrameId]:
        return [stored.id for stored in self.frames]


@dataclass(frozen=True, slots=True)
class Wait:
    """Nothing to send before the moment ``until`` (seconds, monotonic), unless a frame is offered."""

    until: float


@dataclass(frozen=True, slots=True)
class Answer:
    """What the server said. ``retry_after`` is in seconds."""

    status: int
    body: bytes = b""
    retry_after: float | None = None


@dataclass(slots=True)
class PushCounters:
    """What has been pushed since the start. ``messages`` counts by result: ok, incomplete, refused, busy, failed."""

    messages: dict[str, int] = field(
        default_factory=lambda: dict.fromkeys(("ok", "incomplete", "refused", "busy", "failed"), 0)
    )
    frames: int = 0
    events: int = 0
    samples: int = 0
    body_bytes: int = 0
    last_success_ms: int = 0
    last_error: str = ""
