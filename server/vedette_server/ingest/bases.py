"""The frames that senders' later frames are relative to: the last durable one of each target and source."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from vedette_server.ingest.planes import xor
from vedette_shared.frames import Frame, Sender

_Key = tuple[bytes, str]
_SIZES = struct.Struct("<HH")


@dataclass(slots=True)
class Lane:
    """One source of one target of one sender, by the last frame of it that is durable."""

    sender: Sender
    last: Frame


@dataclass(slots=True)
class _Held:
    """The lanes of an agent's generation, and the same by the names that frames carry."""

    generation: int
    record: bytes
    lanes: dict[_Key, Lane] = field(default_factory=dict)
    by_names: dict[bytes, Lane] = field(default_factory=dict)


class Bases:
    """Remembers base frames by sender. An agent that draws a new generation leaves those of its old one behind."""

    def __init__(self) -> None:
        self._by_agent: dict[str, _Held] = {}
        self._by_record: dict[bytes, _Held] = {}

    def lane(self, record: bytes, names: bytes) -> Lane | None:
        """The lane of a frame, by its bytes in a message.

        Args:
            record: What the message has up to the first frame: the magic and the sender's record.
            names: What the frame has from the layout's hash to the source.
        """
        held = self._by_record.get(record)
        return None if held is None else held.by_names.get(names)

    def resolve(self, sender: Sender, frames: Iterable[Frame]) -> tuple[list[Frame], list[int]]:
        """Return (frames standing for themselves, the sequences of bases that are not known).

        A frame may be relative to an earlier one of the same message.

        Raises:
            FrameError: a frame does not have as many values as its base.
        """
        held = self._by_agent.get(sender.agent)
        lanes = held.lanes if held is not None and held.generation == sender.generation else {}
        fresh: dict[_Key, Frame] = {}
        resolved: list[Frame] = []
        unknown: list[int] = []
        for frame in frames:
            key = (frame.target, frame.source)
            if frame.base:
                lane = lanes.get(key)
                candidates = (fresh.get(key), lane.last if lane is not None else None)
                base = next((near for near in candidates if near is not None and _is_base(near, frame)), None)
                if base is None:
                    unknown.append(frame.base)
                    continue
                frame = frame.resolved(base.values, xor)
            fresh[key] = frame
            resolved.append(frame)
        return resolved, unknown

    def remember(self, sender: Sender, record: bytes, frames: Sequence[Frame]) -> None:
        """Keep the last of ``frames``, which are durable now and stand for themselves, of each target and source.

        ``record`` is how the message named the sender, see ``lane``.
        """
        held = self._by_agent.get(sender.agent)
        if held is None or held.record != record:
            if held is not None:
                self._by_record.pop(held.record, None)
            held = self._by_agent[sender.agent] = self._by_record[record] = _Held(sender.generation, record)
        for frame in frames:
            lane = held.lanes.get((frame.target, frame.source))
            if lane is None:
                lane = held.lanes[frame.target, frame.source] = Lane(sender, frame)
            elif lane.last.layout != frame.layout:
                held.by_names.pop(_names(lane.last), None)
            lane.last = frame
            held.by_names[_names(frame)] = lane


def _is_base(candidate: Frame, frame: Frame) -> bool:
    return candidate.sequence == frame.base and candidate.layout == frame.layout


def _names(frame: Frame) -> bytes:
    source = frame.source.encode()
    return b"".join((frame.layout, _SIZES.pack(len(frame.target), len(source)), frame.target, source))
