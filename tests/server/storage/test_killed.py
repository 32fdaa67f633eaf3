"""kill -9 at random moments: under load, and while what is old is merged, dropped, deleted and forgotten."""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import trio

from tests.server.storage import killed_churner as churner
from tests.server.storage import killed_writer as writer
from tests.server.storage.support import NOW, Samples, read_all
from vedette_server.storage import Store
from vedette_server.storage.catalog import Catalog
from vedette_shared.clock import ManualClock
from vedette_shared.frames import STALE_BITS
from vedette_shared.labels import Labels, make_labels

MOST_LINES = 400
MOST_STEPS = 80
MOST_LAYOUTS = 40
"""So many are in use at once, about."""
MOST_SECONDS = 0.05


def kill(module: str, folder: Path, number: int, dice: random.Random, most_lines: int = MOST_LINES) -> list[str]:
    """Let a process run until it has told so many lines, and a moment longer; kill it; return all that it told.

    How far it came counts, not how long it took, so that a busy machine tests as much as an idle one.
    """
    command = [sys.executable, "-m", module, str(folder), str(number)]
    wanted = dice.randrange(1, most_lines)
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        told = [process.stdout.readline() for _ in range(wanted)]
        trio.run(trio.sleep, dice.uniform(0, MOST_SECONDS))
        process.kill()
        told += process.stdout
    return [line.rstrip("\n") for line in told if line.endswith("\n")]


def check_round(samples: Samples, number: int, acknowledged: dict[str, int]) -> None:
    """All that was acknowledged is there, as it was sent, once; what was not is there as a whole or not at all."""
    begin, end = NOW + number * writer.ROUND_MS, NOW + (number + 1) * writer.ROUND_MS
    for host in writer.HOSTS:
        stored: dict[int, dict[str, float]] = {}
        for labels, times in samples.items():
            if dict(labels)["host"] == host:
                for time, bits in times.items():
                    if begin <= time < end and bits != STALE_BITS:
                        stored.setdefault(time, {})[dict(labels)["__name__"]] = value_of(bits)
        last = acknowledged.get(host, 0)
        for sequence in range(1, last + 2):
            frame = stored.pop(writer.time_of(number, sequence), None)
            if frame is None:
                assert sequence > last
                continue
            loose = frame.pop("loose", None)
            assert loose == (0.5 * sequence if sequence % 3 == 0 else None) or sequence > last
            names = [series.name for series in writer.LAYOUTS[writer.layout_of(sequence)].series]
            assert frame == dict(zip(names, writer.values_of(sequence, host), strict=True))
        assert stored == {}


def value_of(bits: int) -> float:
    return float(np.uint64(bits).view(np.float64))


def kill_under_load(folder: Path, rounds: int) -> None:
    dice = random.Random(rounds)
    told: list[dict[str, int]] = []
    for number in range(rounds):
        lines = kill("tests.server.storage.killed_writer", folder, number, dice)
        told.append({host: int(sequence) for host, _, sequence in (line.partition(" ") for line in lines)})
        store = Store.open(folder, writer.OPTIONS)
        samples = read_all(store.querier)
        assert store.statistics().damaged == 0
        store.close()
        for earlier in {number, dice.randrange(number + 1)}:
            check_round(samples, earlier, told[earlier])


def test_five_kills_under_load(tmp_path: Path) -> None:
    """At random moments: no acknowledged sample lost, none twice, none made up."""
    kill_under_load(tmp_path, 5)


@pytest.mark.slow
def test_a_hundred_kills_under_load(tmp_path: Path) -> None:
    """The same, a hundred times on one folder."""
    kill_under_load(tmp_path, 100)


Sent = dict[Labels, dict[int, float]]


def sent_in(step: int) -> dict[Labels, float]:
    """All samples of a step."""
    sent = {churner.loose(step)[0]: float(step)}
    for report in churner.reports(step):
        for series, value in zip(report.layout.series, report.values, strict=True):
            labels = make_labels([("__name__", series.name), ("host", report.host), ("job", "node"), *series.labels])
            sent[labels] = float(value)
    return sent


def check_churn(store: Store, acknowledged: set[int], deleted: int) -> None:
    """What must be there is there, and nothing is there that was never sent or was deleted.

    Args:
        store: As it was opened after the kill.
        acknowledged: The steps that were.
        deleted: The last step whose samples of the host ``deleted`` were deleted, as was acknowledged; -1 for none.
    """
    found = {
        (labels, time): value_of(bits)
        for labels, times in read_all(store.querier).items()
        for time, bits in times.items()
        if bits != STALE_BITS
    }
    steps = {(time - NOW) // churner.STEP_MS for _, time in found}
    expected = {
        (labels, churner.time_of(step)): value
        for step in steps | acknowledged
        for labels, value in sent_in(step).items()
        if dict(labels).get("host") != "deleted" or step > deleted
    }
    assert {key: value for key, value in found.items() if expected.get(key) != value} == {}
    newest = max(steps, default=0)
    oldest = churner.time_of(newest) - churner.RETENTION_MS
    kept = {step for step in acknowledged if churner.time_of(step) >= oldest}
    # A deletion that was under way may have been made before it was acknowledged.
    doubtful = {step for step in kept if step <= newest // churner.DELETE_EVERY * churner.DELETE_EVERY}
    lost = {
        (labels, time)
        for labels, time in expected.keys() - found.keys()
        if (step := (time - NOW) // churner.STEP_MS) in kept
        and not (dict(labels).get("host") == "deleted" and step in doubtful)
    }
    assert lost == set()
    told = store.metadata()
    for step in kept:
        metadata = churner.loose(step)[1]
        assert told[metadata.name] == metadata


def kill_amid_churn(folder: Path, rounds: int) -> None:
    dice = random.Random(rounds)
    acknowledged: set[int] = set()
    step, deleted = 0, -1
    for _ in range(rounds):
        lines = kill("tests.server.storage.killed_churner", folder, step, dice, MOST_STEPS)
        told = [int(line) for line in lines]
        acknowledged.update(told)
        deleted = max([deleted, *(one for one in told if one % churner.DELETE_EVERY == 0)])
        # The step that was under way may be there in part, and is not sent again.
        step = max([step, *told]) + 2
        store = Store.open(folder, churner.OPTIONS, ManualClock(churner.time_of(step)))
        assert store.statistics().damaged == 0
        check_churn(store, acknowledged, deleted)
        store.close()
    known = list(Catalog(folder).load(lambda *_: None))
    assert len(known) < MOST_LAYOUTS < step


def test_three_kills_amid_churn(tmp_path: Path) -> None:
    """While layouts, targets and signatures are forgotten, blocks merged and dropped, samples deleted."""
    kill_amid_churn(tmp_path, 3)


@pytest.mark.slow
def test_a_hundred_kills_amid_churn(tmp_path: Path) -> None:
    """The same, a hundred times on one folder."""
    kill_amid_churn(tmp_path, 100)
