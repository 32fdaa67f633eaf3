"""Values that the spool takes and gives."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from vedette_shared.events import Event, event_bytes
from vedette_shared.frames import Frame, Layout


class FrameId(NamedTuple):
    """What names a frame for ever: its sequence within its generation."""

    generation: int
    sequence: int


@dataclass(frozen=True, slots=True)
class StoredFrame:
    """A frame with its number, standing for itself, the whole layout that it names, and the events that came along."""

    generation: int
    frame: Frame
    layout: Layout
    events: tuple[Event, ...] = ()

    @property
    def id(self) -> FrameId:
        return FrameId(self.generation, self.frame.sequence)

    @property
    def raw_bytes(self) -> int:
        """About what the frame takes in a message before compression."""
        return len(self.frame.values) + len(self.frame.target) + 64 + sum(map(event_bytes, self.events))


@dataclass(slots=True)
class SpoolStats:
    """What has happened to the spool since it was opened.

    Attributes:
        dropped_frames: By reason: ``bytes`` and ``age`` (the bounds), ``damaged`` (cannot be read back),
            ``refused`` (a server said that it will never take them), ``memory`` (the disk could not be written for
            so long that memory ran out).
        dropped_events: The same of events; ``bytes`` counts those too that were more than a frame may have.
        write_errors: Writes that failed; the frames were kept in memory.
    """

    dropped_frames: dict[str, int] = field(
        default_factory=lambda: dict.fromkeys(("bytes", "age", "damaged", "refused", "memory"), 0)
    )
    dropped_events: dict[str, int] = field(
        default_factory=lambda: dict.fromkeys(("bytes", "age", "damaged", "refused", "memory"), 0)
    )
    write_errors: int = 0
