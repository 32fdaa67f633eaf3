"""A process that appends as fast as it can and tells on stdout what was acknowledged, until it is killed.

Run as ``python -m tests.server.storage.killed_writer FOLDER ROUND``.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import trio

from tests.server.storage.support import NOW, to_frame, to_layout
from vedette_server.storage import StorageOptions, Store
from vedette_server.storage.interface import LooseSamples
from vedette_shared.frames import Sender
from vedette_shared.labels import make_labels

LAYOUTS = [to_layout(*(f"metric{i}" for i in range(20))), to_layout(*(f"metric{i}" for i in range(5, 25)))]
HOSTS = "abcdefgh"
OPTIONS = StorageOptions(
    cut_after_ms=60, windows_ms=(20_000, 100_000), maintenance_ms=20, commit_delay_ms=0, retention_ms=0
)
ROUND_MS = 10_000_000
STEP_MS = 100
EVERY_LATE = 7


def time_of(number: int, sequence: int) -> int:
    """When a frame was taken; every few go back in time."""
    step = 40 + 4 * sequence - (30 if sequence % EVERY_LATE == 0 else 0)
    return NOW + number * ROUND_MS + STEP_MS * step


def values_of(sequence: int, host: str) -> list[float]:
    """What a frame says."""
    return [float(sequence * 1000 + 10 * i + HOSTS.index(host)) / 8 for i in range(20)]


def layout_of(sequence: int) -> int:
    """Which layout it has."""
    return sequence // 50 % 2


async def write(store: Store, number: int, host: str) -> None:
    """Append frames of one host, and a loose sample now and then."""
    sequence = 0
    while True:
        sequence += 1
        layout = LAYOUTS[layout_of(sequence)]
        frame = to_frame(sequence, time_of(number, sequence), host, layout, values_of(sequence, host))
        new = sequence == 1 or layout_of(sequence) != layout_of(sequence - 1)
        await store.appender.append_frames(Sender(host, number), [layout] if new else [], [frame])
        if sequence % 3 == 0:
            labels = make_labels(__name__="loose", host=host, job="node")
            time = np.array([time_of(number, sequence)])
            await store.appender.append_samples([labels], LooseSamples(np.array([0]), time, np.array([0.5 * sequence])))
        print(host, sequence, flush=True)


async def main(folder: Path, number: int) -> None:
    store = Store.open(folder, OPTIONS)
    async with trio.open_nursery() as nursery:
        await nursery.start(store.run)
        print("ready", flush=True)
        for host in HOSTS:
            nursery.start_soon(write, store, number, host)


if __name__ == "__main__":
    trio.run(main, Path(sys.argv[1]), int(sys.argv[2]))
