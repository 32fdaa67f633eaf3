"""A server as the format of messages has it, in memory: what a pusher may meet."""

from __future__ import annotations

import json

import zstandard

from vedette_agent.push import Answer
from vedette_shared.frames import Frame, Layout, decode_message

Key = tuple[bytes, str]


class ModelServer:
    """Takes messages all or nothing, as the receiver does. Its memory can be lost, or all it has stored."""

    def __init__(self) -> None:
        self.layouts: dict[bytes, Layout] = {}
        self.stored: dict[tuple[int, int], Frame] = {}
        self.repeated = 0
        self.away = False
        self.bodies: list[bytes] = []
        self.layouts_received = 0
        self._bases: dict[Key, Frame] = {}
        self._generation = 0

    def lose_memory(self) -> None:
        """Restart: what is durable stays."""
        self._bases.clear()

    def lose_everything(self) -> None:
        self.layouts.clear()
        self._bases.clear()

    def take(self, body: bytes) -> Answer:
        if self.away:
            return Answer(503, b'{"error": "away"}')
        self.bodies.append(body)
        message = decode_message(zstandard.ZstdDecompressor().decompress(body))
        if message.sender.generation != self._generation:
            self._bases.clear()
            self._generation = message.sender.generation
        layouts = self.layouts | {layout.hash: layout for layout in message.layouts}
        bases = dict(self._bases)
        frames, unknown_bases = [], []
        for frame in message.frames:
            key = (frame.target, frame.source)
            if frame.base:
                base = bases.get(key)
                if base is None or (base.sequence, base.layout) != (frame.base, frame.layout):
                    unknown_bases.append(frame.base)
                    continue
                assert frame.base < frame.sequence
                frame = frame.resolved(base.values)
            bases[key] = frame
            frames.append(frame)
        unknown_layouts = {frame.layout.hex() for frame in message.frames if frame.layout not in layouts}
        if unknown_bases or unknown_layouts:
            told = {"error": "incomplete", "layouts": sorted(unknown_layouts), "bases": unknown_bases}
            return Answer(409, json.dumps(told).encode())
        self.layouts_received += len(message.layouts)
        self.layouts, self._bases = layouts, bases
        for frame in frames:
            identity = (message.sender.generation, frame.sequence)
            self.repeated += identity in self.stored
            assert self.stored.setdefault(identity, frame) == frame
        return Answer(200, json.dumps({"sequence": max(frame.sequence for frame in frames)}).encode())
