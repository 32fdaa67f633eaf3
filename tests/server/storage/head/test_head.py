"""The head: rows in, columns out, while readers look on."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import numpy as np
import pytest

from vedette_server.compiled import in_background
from vedette_server.storage.head import kernels
from vedette_server.storage.head.grouped import GroupedView
from vedette_server.storage.head.head import Head
from vedette_server.storage.index.identity import Index
from vedette_server.storage.index.layouts import Shape
from vedette_server.storage.index.selection import everything
from vedette_server.storage.read.assemble import assemble
from vedette_shared.labels import make_labels


@pytest.fixture(autouse=True)
def compiled_kernels() -> Iterator[None]:
    with in_background():
        yield


@pytest.mark.parametrize("seed", range(10))
def test_ordered_rows(seed: int) -> None:
    """The rows of each chain by time, whatever order they came in."""
    random = np.random.default_rng(seed)
    streams = random.integers(0, 4, 60)
    times = random.permutation(60).astype(np.int64)
    last, previous = np.full(4, -1, np.int32), np.empty(60, np.int32)
    for row, stream in enumerate(streams.tolist()):
        previous[row], last[stream] = last[stream], row
    chosen = np.array([0, 2, 3], np.int32)
    offsets, found = kernels.ordered_rows(chosen, last, previous, times, 10, 40)
    for i, stream in enumerate(chosen.tolist()):
        expected = sorted(
            (row for row in np.flatnonzero(streams == stream).tolist() if 10 <= times[row] <= 40), key=times.__getitem__
        )
        assert found[offsets[i] : offsets[i + 1]].tolist() == expected


def test_clocks_of_the_same_ticks_have_the_same_code() -> None:
    """And others another one."""
    times = np.array([1, 2, 3, 1, 2, 3, 1, 2, 4, 3, 2, 1])
    codes = kernels.clock_codes(np.arange(0, 12, 3), np.arange(3, 13, 3), times).tolist()
    assert codes[0] == codes[1]
    assert len(set(codes)) == 3


def test_a_loose_sample_for_a_known_time_is_not_taken() -> None:
    """In one batch as over several, in order or out of it."""
    head = Head(1 << 16, 1)
    index = Index()
    stream = head.stream(0, index.single(0))
    streams = np.full(5, stream, np.int32)
    counts = head.append_loose(streams, np.array([5, 3, 5, 3, 4]), np.array([1.0, 2.0, 1.0, 7.0, 3.0]))
    assert counts == (3, 1, 1)
    assert head.append_loose(streams[:1], np.array([4]), np.array([3.0])) == (0, 1, 0)
    assert (head.rows, head.samples, head.min_time, head.max_time) == (3, 3, 3, 5)


def test_streams_of_single_values_become_one_slot() -> None:
    """Those of one target with the same ticks; others stay by themselves."""
    index, head = Index(), Head(1 << 16, 1)
    sets = [make_labels(__name__=name, host=host) for host in "ab" for name in ("x", "y", "z")]
    numbers = index.loose(sets)
    streams = np.array(
        [
            head.stream(int(index.loose_targets[n]), index.single(int(index.loose_signatures[n])))
            for n in numbers.tolist()
        ],
        np.int32,
    )
    for time in (1, 2, 3):
        some = np.flatnonzero(np.arange(6) != 2) if time == 2 else np.arange(6)
        head.append_loose(streams[some], np.full(len(some), time), some + time / 10)
    grouped = GroupedView(head.view())
    widths = np.diff(grouped.directory.table_offsets)[grouped.directory.slot_tables]
    assert sorted(widths.tolist()) == [1, 2, 3]
    plain = assemble(index, [head.view()], everything(index), 0, 9)
    again = assemble(index, [grouped], everything(index), 0, 9)
    as_dict = [
        {found.labels.labels(i): found.values[found.offsets[i] : found.offsets[i + 1]].tolist() for i in range(6)}
        for found in (plain, again)
    ]
    assert as_dict[0] == as_dict[1]


def test_readers_see_whole_rows_while_they_are_appended() -> None:
    """Each view has the rows of one moment, none of them half written."""
    index, head = Index(), Head(64 << 20, 1)
    shape = Shape(np.array([index.signatures.intern(make_labels(__name__=f"m{i}")) for i in range(50)], np.int32), 50)
    target = index.intern_target(make_labels(host="a"))
    stream = head.stream(target, shape)
    wrong: list[str] = []
    stop = threading.Event()

    def read() -> None:
        seen = 0
        while not stop.is_set():
            found = assemble(index, [head.view()], everything(index), 0, 2**60)
            if len(found):
                counts = np.diff(found.offsets)
                if len(set(counts.tolist())) != 1 or counts[0] < seen:
                    wrong.append(f"{counts} after {seen}")
                seen = int(counts[0])
                rows = found.values.reshape(50, -1)
                if not (rows == np.arange(seen) + 1).all():
                    wrong.append("a value that was not there")

    readers = [threading.Thread(target=read) for _ in range(2)]
    for reader in readers:
        reader.start()
    for row in range(3000):
        head.append(stream, row, np.full(50, row + 1.0).tobytes())
    stop.set()
    for reader in readers:
        reader.join()
    assert wrong == []
