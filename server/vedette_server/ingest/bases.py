"""The frames that senders' later frames are relative to: the last durable one of each target and source."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from vedette_server.ingest.planes import xor
from vedette_shared.frames import Frame, Sender

_Key = tuple[bytes, str]


class Bases:
    """Remembers base frames by sender. An agent that draws a new generation leaves those of its old one behind."""

    def __init__(self) -> None:
        self._by_agent: dict[str, tuple[int, dict[_Key, Frame]]] = {}

    def resolve(self, sender: Sender, frames: Iterable[Frame]) -> tuple[list[Frame], list[int]]:
        """Return (frames standing for themselves, the sequences of bases that are not known).

        A frame may be relative to an earlier one of the same message.

        Raises:
            FrameError: a frame does not have as many values as its base.
        """
        held = self._held(sender)
        fresh: dict[_Key, Frame] = {}
        resolved: list[Frame] = []
        unknown: list[int] = []
        for frame in frames:
            key = (frame.target, frame.source)
            if frame.base:
                base = next(
                    (near for near in (fresh.get(key), held.get(key)) if near is not None and _is_base(near, frame)),
                    None,
                )
                if base is None:
                    unknown.append(frame.base)
                    continue
                frame = frame.resolved(base.values, xor)
            fresh[key] = frame
            resolved.append(frame)
        return resolved, unknown

    def remember(self, sender: Sender, frames: Sequence[Frame]) -> None:
        """Keep the last of ``frames``, which are durable now and stand for themselves, of each target and source."""
        held = self._held(sender)
        self._by_agent[sender.agent] = (sender.generation, held)
        for frame in frames:
            held[frame.target, frame.source] = frame

    def _held(self, sender: Sender) -> dict[_Key, Frame]:
        generation, held = self._by_agent.get(sender.agent, (sender.generation, {}))
        return held if generation == sender.generation else {}


def _is_base(candidate: Frame, frame: Frame) -> bool:
    return candidate.sequence == frame.base and candidate.layout == frame.layout
