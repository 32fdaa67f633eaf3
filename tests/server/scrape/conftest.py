"""A store in memory, and exporters on loopback that behave as a test tells them."""

from __future__ import annotations

import contextlib
from collections.abc import Awaitable, Callable, Sequence
from functools import partial

import pytest
import trio

from vedette_server.storage.errors import StorageFullError
from vedette_server.storage.interface import LooseSamples, Receipt, SourceEnd
from vedette_shared.frames import STALE_NAN, Frame, Layout, Sender, decode_target
from vedette_shared.labels import METRIC_NAME, Labels, make_labels

Handler = Callable[[trio.SocketStream], Awaitable[None]]
Samples = list[tuple[int, float]]


class MemoryStore:
    """An Appender that keeps all samples by series, and holds its callers to their side of the contract."""

    def __init__(self) -> None:
        self.series: dict[Labels, Samples] = {}
        self.loose: dict[Labels, Samples] = {}
        self.is_full = False
        self._layouts: dict[bytes, Layout] = {}
        self._reported: dict[tuple[bytes, str], set[Labels]] = {}
        self._sequences: dict[Sender, int] = {}

    def unknown_layouts(self, hashes: Sequence[bytes]) -> list[bytes]:
        return [each for each in hashes if each not in self._layouts]

    async def append_frames(self, sender: Sender, layouts: Sequence[Layout], frames: Sequence[Frame]) -> Receipt:
        await trio.lowlevel.checkpoint()
        if self.is_full:
            raise StorageFullError("the disk is full")
        self._layouts |= {layout.hash: layout for layout in layouts}
        for frame in frames:
            assert frame.base == 0
            assert frame.sequence > self._sequences.get(sender, 0)
            self._sequences[sender] = frame.sequence
            self._keep(frame)
        return Receipt(sum(len(frame.values) // 8 for frame in frames), 0, 0, 0, frames[-1].sequence)

    async def append_samples(self, labels: Sequence[Labels], samples: LooseSamples) -> Receipt:
        await trio.lowlevel.checkpoint()
        for index, timestamp, value in zip(samples.series, samples.timestamps, samples.values, strict=True):
            self.loose.setdefault(labels[index], []).append((int(timestamp), float(value)))
        return Receipt(len(samples.values), 0, 0, 0, 0)

    async def append_ends(self, ends: Sequence[SourceEnd]) -> Receipt:
        await trio.lowlevel.checkpoint()
        stale = [(name, end.timestamp) for end in ends for name in self._reported.pop((end.target, end.source), ())]
        for name, timestamp in stale:
            self.series[name].append((timestamp, STALE_NAN))
        return Receipt(len(stale), 0, 0, 0, 0)

    def _keep(self, frame: Frame) -> None:
        target = dict(decode_target(frame.target))
        names = [
            make_labels({**target, **dict(each.labels), METRIC_NAME: each.name})
            for each in self._layouts[frame.layout].series
        ]
        assert len(set(names)) == len(names)
        for name, value in zip(names, memoryview(frame.values).cast("d"), strict=True):
            self.series.setdefault(name, []).append((frame.timestamp, value))
        key = (frame.target, frame.source)
        for name in self._reported.get(key, set()) - set(names):
            self.series[name].append((frame.timestamp, STALE_NAN))
        self._reported[key] = set(names)

    def latest(self, **labels: str) -> list[float]:
        """The last value of every series that has these labels."""
        wanted = set(labels.items())
        return [samples[-1][1] for name, samples in self.series.items() if wanted <= set(name)]

    def values(self, name: str) -> list[float]:
        """All values of the one series of this name."""
        (samples,) = (samples for labels, samples in self.series.items() if (METRIC_NAME, name) in labels)
        return [value for _, value in samples]


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
def exporter(nursery: trio.Nursery) -> Callable[[Handler], Awaitable[str]]:
    """Starts a server on loopback whose connections ``handler`` serves; returns its address."""

    async def start(handler: Handler) -> str:
        (listener,) = await nursery.start(partial(trio.serve_tcp, _forgiving(handler), 0, host="127.0.0.1"))
        return f"127.0.0.1:{listener.socket.getsockname()[1]}"

    return start


def _forgiving(handler: Handler) -> Handler:
    async def serve(stream: trio.SocketStream) -> None:
        with contextlib.suppress(trio.BrokenResourceError):  # the scraper hung up
            await handler(stream)

    return serve
