"""The page as a message of frames, for a server that pulls."""

from __future__ import annotations

import secrets
from collections.abc import Iterable

from vedette_agent.sources.framing import NewFrame
from vedette_shared.frames import Frame, Layout, Sender, encode_message

GENERATION_BITS = 64


class FramePages:
    """Numbers the frames that pages show; the numbers are those of this process, apart from the spool's."""

    def __init__(self, agent: str) -> None:
        self._sender = Sender(agent, secrets.randbits(GENERATION_BITS) or 1)
        self._sequence = 0

    def encode(self, frames: Iterable[NewFrame]) -> bytes:
        """Return a message with ``frames`` and all their layouts."""
        layouts: dict[bytes, Layout] = {}
        numbered: list[Frame] = []
        for new in frames:
            self._sequence += 1
            layouts[new.layout.hash] = new.layout
            numbered.append(Frame(self._sequence, new.timestamp, new.target, new.source, new.layout.hash, new.values))
        return encode_message(self._sender, layouts.values(), numbered)
