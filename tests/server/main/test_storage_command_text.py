"""``vedette storage export`` and ``import``: every float comes back as it was, and what cannot be taken is told."""

from __future__ import annotations

import io
import math
import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import trio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.server.storage.support import NOW, Samples, cut, read_all, run_store, to_frame, to_layout
from vedette_server.main.storage_command.exporting import Exporter
from vedette_server.main.storage_command.frozen import open_frozen
from vedette_server.main.storage_command.importing import import_samples
from vedette_server.storage import StorageOptions, Store
from vedette_server.storage.interface import LooseSamples, Matcher, MatchOp
from vedette_shared.clock import ManualClock
from vedette_shared.command import main
from vedette_shared.exposition import parse_openmetrics
from vedette_shared.frames import STALE_BITS, Sender
from vedette_shared.labels import Labels, make_labels

LAYOUT = to_layout("load", "memory{free}", "memory{used}")
EVER = 2**62
NAN_BITS = 0x7FF8000000000000


def export(folder: Path, selectors: Sequence[Sequence[Matcher]] = (), start: int = -EVER, end: int = EVER) -> str:
    """The page of a store, made of parts that are as small as can be."""
    with open_frozen(folder) as store:
        return "".join(Exporter(store, selectors, start, end, samples_at_once=5).text())


def import_page(folder: Path, page: str) -> None:
    import_samples(folder, io.BytesIO(page.encode()), "page", abs, samples_at_once=3)


def read(folder: Path) -> Samples:
    store = Store.open(folder)
    try:
        return read_all(store.querier, start=-EVER, end=EVER)
    finally:
        store.close()


async def append(folder: Path, samples: Samples) -> None:
    """Store loose samples, half of them in a block and half in the log."""
    clock = ManualClock(NOW)
    async with run_store(folder, clock, StorageOptions(commit_delay_ms=0, retention_ms=0)) as store:
        for half in (0, 1):
            rows = [
                (number, time, bits)
                for number, times in enumerate(samples.values())
                for place, (time, bits) in enumerate(times.items())
                if place % 2 == half
            ]
            series, times, bits = zip(*rows, strict=True)
            values = np.array(bits, np.uint64).view(np.float64)
            await store.appender.append_samples(list(samples), LooseSamples(np.array(series), np.array(times), values))
            if not half:
                await cut(store, clock)


def bits_of(value: float) -> int:
    return int(np.float64(value).view(np.uint64))


def one(**labels: str) -> Labels:
    return make_labels(labels)


HARD_VALUES = [0.0, -0.0, math.inf, -math.inf, 5e-324, -2.2250738585072014e-308, 1.7976931348623157e308, 0.1, 1e6,
               -1e21, 123456789.123456789, 2**53 + 2.0, 1 / 3]  # fmt: skip
HARD = {
    one(__name__="hard", job="a"): {NOW + i: bits_of(value) for i, value in enumerate(HARD_VALUES)}
    | {NOW + 100: NAN_BITS, NOW + 101: STALE_BITS},
    one(__name__="hard", job='"\\\n{},= #', host="ä 漢"): {-1_500: bits_of(1.0), 0: bits_of(2.0), 7: bits_of(3.0)},
    one(__name__="dotted.name", **{"label.name": "x"}): {NOW: bits_of(1.0), NOW + 1: bits_of(2.0)},
    one(__name__="plain"): {NOW: bits_of(1.0), NOW + 15_000: STALE_BITS},
}


def test_a_round_trip_of_hard_values(tmp_path: Path) -> None:
    """Signed zeros, infinities, NaN, stale markers, the smallest and the largest; any label; times before 1970."""
    trio.run(append, tmp_path / "old", HARD)
    assert read(tmp_path / "old") == HARD
    import_page(tmp_path / "new", export(tmp_path / "old"))
    assert read(tmp_path / "new") == HARD
    assert export(tmp_path / "new") == export(tmp_path / "old")


FLOATS = st.integers(0, 2**64 - 1).filter(lambda bits: (bits >> 52) & 0x7FF != 0x7FF)


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(times=st.dictionaries(st.integers(0, NOW), FLOATS, min_size=2, max_size=30))
def test_a_round_trip_of_any_float(tmp_path: Path, times: dict[int, int]) -> None:
    """Every finite double, at any millisecond."""
    for name in ("old", "new"):
        shutil.rmtree(tmp_path / name, ignore_errors=True)
    samples = {one(__name__="any"): times}
    trio.run(append, tmp_path / "old", samples)
    import_page(tmp_path / "new", export(tmp_path / "old"))
    assert read(tmp_path / "new") == samples


async def fill(folder: Path) -> None:
    """A block and a log of two hosts, a deletion in force, and a series whose labels were parted in two ways."""
    clock = ManualClock(NOW)
    labels = one(__name__="loose", host="a", job="node", rack="1")
    async with run_store(folder, clock) as store:
        for sequence in range(1, 5):
            time = NOW + 15_000 * sequence
            for host in "ba":
                frame = to_frame(sequence, time, host, LAYOUT, [sequence / 8, 2.0, sequence])
                await store.appender.append_frames(Sender(host, 1), [LAYOUT], [frame])
            samples = LooseSamples(np.array([0]), np.array([time]), np.array([float(sequence)]))
            await store.appender.append_samples([labels], samples)
            if sequence == 2:
                store._index.intern_target(one(host="a", job="node", rack="1"))
                await cut(store, clock)
        await store.delete([Matcher("x", MatchOp.EQUAL, "free")], NOW, NOW + 40_000)


PAGE = """\
# HELP load help of load
# TYPE load gauge
load{host="a",job="node"} 0.125 1700000015
load{host="a",job="node"} 0.25 1700000030
load{host="a",job="node"} 0.375 1700000045
load{host="a",job="node"} 0.5 1700000060
load{host="b",job="node"} 0.125 1700000015
load{host="b",job="node"} 0.25 1700000030
load{host="b",job="node"} 0.375 1700000045
load{host="b",job="node"} 0.5 1700000060
loose{host="a",job="node",rack="1"} 1 1700000015
loose{host="a",job="node",rack="1"} 2 1700000030
loose{host="a",job="node",rack="1"} 3 1700000045
loose{host="a",job="node",rack="1"} 4 1700000060
# HELP memory help of memory
# TYPE memory gauge
memory{host="a",job="node",x="free"} 2 1700000045
memory{host="a",job="node",x="free"} 2 1700000060
memory{host="a",job="node",x="used"} 1 1700000015
memory{host="a",job="node",x="used"} 2 1700000030
memory{host="a",job="node",x="used"} 3 1700000045
memory{host="a",job="node",x="used"} 4 1700000060
memory{host="b",job="node",x="free"} 2 1700000045
memory{host="b",job="node",x="free"} 2 1700000060
memory{host="b",job="node",x="used"} 1 1700000015
memory{host="b",job="node",x="used"} 2 1700000030
memory{host="b",job="node",x="used"} 3 1700000045
memory{host="b",job="node",x="used"} 4 1700000060
# EOF
"""


def test_a_page(tmp_path: Path) -> None:
    """Metric by metric, each series in one piece, nothing that was deleted; OpenMetrics by all of its rules."""
    trio.run(fill, tmp_path)
    assert export(tmp_path) == PAGE
    parse_openmetrics(PAGE.encode())
    import_page(tmp_path / "new", PAGE)
    assert read(tmp_path / "new") == read(tmp_path)


def test_some_series_of_some_time(tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    """``--match`` may be repeated; ``--start`` and ``--end`` are inclusive; ``--output`` writes a file."""
    trio.run(fill, tmp_path / "storage")
    command = [
        "storage",
        "export",
        "--data",
        str(tmp_path),
        "--match",
        'load{host="b"}',
        "--match",
        '{x="used",host="b"}',
    ]
    command += ["--match", "load", "--start", "2023-11-14T22:13:50Z", "--end", "1700000045"]
    assert main(command) == 0
    page = capsysbinary.readouterr().out.decode()
    assert [line for line in page.splitlines() if not line.startswith("# ")] == [
        'load{host="a",job="node"} 0.25 1700000030',
        'load{host="a",job="node"} 0.375 1700000045',
        'load{host="b",job="node"} 0.25 1700000030',
        'load{host="b",job="node"} 0.375 1700000045',
        'memory{host="b",job="node",x="used"} 2 1700000030',
        'memory{host="b",job="node",x="used"} 3 1700000045',
    ]
    assert main([*command, "--output", str(tmp_path / "page")]) == 0
    assert (tmp_path / "page").read_text() == page
    assert b"6 samples of 3 series" in capsysbinary.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        (["--match", "sum(up)"], "is not a plain selector"),
        (["--match", "up{"], "parse error"),
        (["--start", "yesterday"], "is no moment"),
        (["--start", "5", "--end", "4"], "--end is before --start"),
    ],
)
def test_bad_usage(tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], what: str) -> None:
    """Exit code 2 and one line."""
    trio.run(fill, tmp_path)
    assert main(["storage", "export", "--data", str(tmp_path), *arguments]) == 2
    told = capsys.readouterr().err
    assert what in told
    assert told.count("\n") == 1


@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not installed")
def test_promtool_takes_the_page(tmp_path: Path) -> None:
    """And finds the same samples in it. Names that need quotes are newer than it, and left out here."""
    trio.run(append, tmp_path / "old", {labels: times for labels, times in HARD.items() if "." not in labels[0][1]})
    (tmp_path / "page").write_text(export(tmp_path / "old", start=0))
    blocks = tmp_path / "blocks"
    command = ["promtool", "tsdb", "create-blocks-from", "openmetrics", str(tmp_path / "page"), str(blocks)]
    made = subprocess.run(command, capture_output=True, text=True, check=False)
    assert made.returncode == 0, made.stderr
    (blocks / "wal").mkdir()
    dump = subprocess.run(["promtool", "tsdb", "dump", str(blocks)], capture_output=True, text=True, check=True).stdout
    # It cuts a timestamp's milliseconds off where a double holds a little less: so only whole seconds are compared.
    assert f'{{__name__="hard", job="a"}} 0 {NOW}' in dump
    assert f'{{__name__="plain"}} 1 {NOW}' in dump
    assert f'{{__name__="plain"}} NaN {NOW + 15_000}' in dump
    assert len(dump.splitlines()) == len(HARD_VALUES) + 2 + 2 + 2


GOOD = "a 1 1700000000\na 2 1700000001\n"


@pytest.mark.parametrize(
    ("page", "stored", "told"),
    [
        (GOOD + "a 3\n# EOF\n", 2, "line 3: the sample has no timestamp; the lines up to 2 are imported (2 samples"),
        (GOOD + "what is this\n# EOF\n", 2, "line 3: "),
        (GOOD, 2, "line 2: the page does not end in # EOF; it may be cut short"),
        (GOOD + "a 3 17000", 2, "line 3: the line is cut short"),
        (GOOD + "# EOF\na 4 1700000002\n", 2, "line 4: nothing may follow # EOF"),
        ("a 1 1700000000000\n# EOF\n", 0, "line 1: the timestamp 1.7e+12 is past the year 9999"),
        (GOOD + 'a{x="1",x="2"} 1 1700000001\n# EOF\n', 2, "line 3: "),
        (GOOD + "a\xff 1 1700000001\n# EOF\n", 2, "line 3: "),
        ("", 0, "line 1: the page does not end in # EOF"),
    ],
)
def test_a_bad_line(tmp_path: Path, capsys: pytest.CaptureFixture[str], page: str, stored: int, told: str) -> None:
    """One error with its number that says what is stored; the file can be imported again when it is mended."""
    (tmp_path / "page").write_bytes(page.encode("latin-1"))
    command = ["storage", "import", str(tmp_path / "page"), "--data", str(tmp_path / "data")]
    assert main(command) == 1
    error = capsys.readouterr().err
    assert f"{tmp_path}/page: {told}" in error
    assert error.count("\n") == 1
    assert sum(map(len, read(tmp_path / "data" / "storage").values())) == stored
    (tmp_path / "page").write_text(GOOD + "# EOF\n")
    assert main(command) == 0
    repeated = f"{2 - stored} samples stored, {stored} were there already"
    assert capsys.readouterr().out == f"{repeated}\n"


def test_another_value_for_the_same_time(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The first one stands, and the exit code says that something is not as in the file."""
    (tmp_path / "page").write_text("a 1 1\na 2 1\n# EOF\n")
    assert main(["storage", "import", str(tmp_path / "page"), "--data", str(tmp_path / "data")]) == 1
    told = "1 samples stored, 0 were there already, 1 refused, as the store holds another value for their time\n"
    assert capsys.readouterr().out == told


async def test_a_store_in_use_is_exported_and_not_imported_to(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The refusal names the process."""
    async with run_store(tmp_path / "storage", ManualClock(NOW)) as store:
        frame = to_frame(1, NOW, "a", LAYOUT, [1.0, 2.0, 3.0])
        await store.appender.append_frames(Sender("a", 1), [LAYOUT], [frame])
        assert 'load{host="a",job="node"} 1 1700000000\n' in export(tmp_path / "storage")
        (tmp_path / "page").write_text("a 1 1\n# EOF\n")
        assert main(["storage", "import", str(tmp_path / "page"), "--data", str(tmp_path)]) == 1
        assert f"is in use by the process {os.getpid()}" in capsys.readouterr().err


def test_files_that_cannot_be_read_or_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One line each."""
    trio.run(fill, tmp_path / "storage")
    assert main(["storage", "import", str(tmp_path / "none"), "--data", str(tmp_path)]) == 1
    assert f"{tmp_path}/none: No such file or directory" in capsys.readouterr().err
    assert main(["storage", "export", "--output", str(tmp_path / "no" / "page"), "--data", str(tmp_path)]) == 1
    assert "No such file or directory" in capsys.readouterr().err
