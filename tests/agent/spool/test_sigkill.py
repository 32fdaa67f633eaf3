"""A process that dies in the middle of a write has lost nothing that was in the spool before."""

from __future__ import annotations

import os
import random
import signal
import struct
import time
from array import array
from pathlib import Path

import pytest

from vedette_agent.sources.framing import NewFrame
from vedette_agent.spool import FrameId, Spool, SpoolLimits
from vedette_shared.clock import SystemClock
from vedette_shared.frames import encode_target, layout_of
from vedette_shared.labels import make_labels
from vedette_shared.metrics import gauge

SERVER = "http://server"
LIMITS = SpoolLimits(segment_bytes=50_000)
TARGET = encode_target(make_labels(job="node", host="h"))
LAYOUT = layout_of([gauge(f"metric_{n}", "Help.", 0.0) for n in range(500)])
REPORT = struct.Struct("<QQd")


def write_until_killed(folder: Path, report: int) -> None:
    """Append frames as fast as can be, acknowledge some, and report each that is in the spool."""
    clock = SystemClock()
    spool = Spool.open(folder, [SERVER], LIMITS, clock)
    rng = random.Random()
    while True:
        seed = rng.random()
        values = array("d", [seed * place for place in range(500)])
        stored = spool.append(NewFrame(clock.now_ms(), TARGET, "node", LAYOUT, values.tobytes()))
        os.write(report, REPORT.pack(stored.generation, stored.frame.sequence, seed))


def run_and_kill(folder: Path, after: float) -> dict[FrameId, float]:
    """Let a child write and kill it; return what it had in the spool."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            write_until_killed(folder, writer)
        finally:
            os._exit(1)
    os.close(writer)
    time.sleep(after)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    with os.fdopen(reader, "rb") as pipe:
        data = pipe.read()
    whole = len(data) // REPORT.size * REPORT.size
    return {FrameId(generation, sequence): seed for generation, sequence, seed in REPORT.iter_unpack(data[:whole])}


@pytest.mark.parametrize("deaths", [4, pytest.param(100, marks=pytest.mark.slow)])
def test_killed_again_and_again(tmp_path: Path, deaths: int) -> None:
    rng = random.Random(deaths)
    written: dict[FrameId, float] = {}
    for _ in range(deaths):
        told = run_and_kill(tmp_path, rng.uniform(0.05, 0.15))
        assert not written.keys() & told.keys()
        written |= told
    assert written
    spool = Spool.open(tmp_path, [SERVER], LIMITS, SystemClock())
    found: dict[FrameId, float] = {}
    while frames := spool.oldest_waiting(SERVER, 10**6):
        for stored in frames:
            found[stored.id] = array("d", stored.frame.values)[1]
        spool.acknowledge(SERVER, [stored.id for stored in frames])
    assert spool.stats.dropped_frames["damaged"] == 0
    assert {frame: found[frame] for frame in written} == written
    spool.close()
