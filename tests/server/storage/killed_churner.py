"""A process whose hosts come and go so fast that names are forgotten all the time, until it is killed.

Run as ``python -m tests.server.storage.killed_churner FOLDER STEP``. Time is the samples' own: a step is ten minutes,
the retention an hour. It tells each step on stdout when all of it is acknowledged. What a step writes follows from its
number alone, so that whoever reads the store knows what must be in it.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import trio

from tests.server.storage.support import NOW, settle, to_frame, to_layout
from vedette_server.storage import StorageOptions, Store
from vedette_server.storage.interface import LooseSamples, Matcher, MatchOp
from vedette_shared.clock import ManualClock
from vedette_shared.frames import Layout, Metadata, Sender
from vedette_shared.labels import Labels, make_labels
from vedette_shared.metrics import MetricType

STEP_MS = 600_000
RETENTION_MS = 3_600_000
LIFE = 6
"""Steps that a host lives; each second one has a successor."""
RETURNS_AFTER = 40
"""Steps until a host is back for one report, when its names have been forgotten."""
DELETE_EVERY = 15
SETTLE_EVERY = 4
"""Steps after which it waits for the work behind to be done, in which it is to be killed now and then."""

OPTIONS = StorageOptions(
    cut_after_ms=2 * STEP_MS,
    windows_ms=(3_600_000, 6 * 3_600_000),
    maintenance_ms=5,
    commit_delay_ms=0,
    pruning_ms=0,
    retention_ms=RETENTION_MS,
)
DELETED = [Matcher("host", MatchOp.EQUAL, "deleted")]


@dataclass(frozen=True)
class Report:
    """What one host says in one step."""

    host: str
    layout: Layout
    values: tuple[float, ...]


def time_of(step: int) -> int:
    return NOW + step * STEP_MS


def generation_layout(number: int) -> Layout:
    """Every second generation brings a metric that no other has."""
    return to_layout("common", f"own{number // 2 * 2}", f"labelled{{{number}}}")


STEADY = to_layout("common", "steady")


def reports(step: int) -> Iterator[Report]:
    """All that hosts say in a step."""
    yield Report("stays", STEADY, (step, step / 8))
    yield Report("deleted", STEADY, (step, step / 4))
    for number in alive(step):
        yield Report(f"host{number}", generation_layout(number), (step, number, step * 1000 + number))


def alive(step: int) -> list[int]:
    """The generations that report in a step."""
    born = range(max(0, (step - LIFE) // 2), step // 2 + 1)
    living = [number for number in born if 2 * number <= step < 2 * number + LIFE]
    return living + [number for number in range(step // 2 + 1) if 2 * number + RETURNS_AFTER == step]


def loose(step: int) -> tuple[Labels, Metadata]:
    """The series of the step's loose sample, and what is said of it."""
    name = f"loose{step // 10}_total"
    return make_labels(__name__=name, job="rules"), Metadata(name, MetricType.COUNTER, f"help of {name}")


async def write(store: Store, report: Report, step: int) -> None:
    """Append what a host says, with its layout if the store asks for it, as an agent does."""
    layouts = [report.layout] if store.appender.unknown_layouts([report.layout.hash]) else []
    frame = to_frame(step + 1, time_of(step), report.host, report.layout, report.values)
    await store.appender.append_frames(Sender(report.host, 1), layouts, [frame])


async def write_loose(store: Store, step: int) -> None:
    labels, metadata = loose(step)
    sample = LooseSamples(np.array([0]), np.array([time_of(step)]), np.array([float(step)]))
    await store.appender.append_samples([labels], sample)
    await store.describe([metadata])


async def main(folder: Path, step: int) -> None:
    clock = ManualClock(time_of(step))
    store = Store.open(folder, OPTIONS, clock)
    async with trio.open_nursery() as nursery:
        await nursery.start(store.run)
        print("ready", flush=True)
        while True:
            async with trio.open_nursery() as step_nursery:
                for report in reports(step):
                    step_nursery.start_soon(write, store, report, step)
                step_nursery.start_soon(write_loose, store, step)
            if step % DELETE_EVERY == 0:
                await store.delete(DELETED, 0, time_of(step))
            print(step, flush=True)
            if step % SETTLE_EVERY == 0:
                await settle(store)
            step += 1
            clock.advance(STEP_MS)


if __name__ == "__main__":
    trio.run(main, Path(sys.argv[1]), int(sys.argv[2]))
