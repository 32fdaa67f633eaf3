"""Files of another version of Vedette: refused or set aside by name, and never taken for what they are not."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from crc32c import crc32c

from tests.server.storage.support import NOW, cut, read_all, run_store, settle, to_frame, to_layout
from vedette_server.storage import DataFolderError, Store
from vedette_server.storage.interface import Matcher, MatchOp
from vedette_shared.clock import ManualClock
from vedette_shared.command import main
from vedette_shared.frames import Sender

LAYOUT = to_layout("load", "memory")


async def fill(folder: Path, clock: ManualClock) -> None:
    """A block, a deletion and a record in the log: a file of each kind."""
    async with run_store(folder, clock) as store:
        await store.appender.append_frames(Sender("a", 1), [LAYOUT], [to_frame(1, NOW, "a", LAYOUT, [1, 2])])
        await cut(store, clock)
        await store.delete([Matcher("host", MatchOp.EQUAL, "none")], 0, NOW)
        await settle(store)
        await store.appender.append_frames(Sender("a", 1), [], [to_frame(2, NOW + 1000, "a", LAYOUT, [3, 4])])


def of_version_2(path: Path) -> None:
    """As another version would write the head of a segment."""
    data = path.read_bytes()
    head = b"VDL2" + data[4:12]
    path.write_bytes(head + crc32c(head).to_bytes(4, "little") + data[16:])


def begins_with(text: bytes) -> Callable[[Path], object]:
    return lambda path: path.write_bytes(text + path.read_bytes()[len(text) :])


def listing(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.name != "lock"
    }


@pytest.mark.parametrize(
    ("name", "change", "told"),
    [
        (
            "version",
            begins_with(b"vedette storage, format 2\n"),
            "is of an unknown format ('vedette storage, format 2',",
        ),
        ("log/*2.log", of_version_2, "00000002.log is of an unknown format ('VDL2', expected 'VDL1')"),
        ("layouts.catalog", of_version_2, "layouts.catalog is of an unknown format ('VDL2', expected 'VDL1')"),
    ],
)
async def test_a_folder_of_another_version_is_refused(
    tmp_path: Path, clock: ManualClock, name: str, change: Callable[[Path], object], told: str
) -> None:
    """And nothing in it is touched: what cannot be read must not be dropped with the log."""
    await fill(tmp_path, clock)
    (path,) = tmp_path.glob(name)  # noqa: ASYNC240 - nothing else runs here
    change(path)
    before = listing(tmp_path)
    with pytest.raises(DataFolderError) as caught:
        Store.open(tmp_path)
    assert told in str(caught.value)
    assert listing(tmp_path) == before


@pytest.mark.parametrize(
    ("name", "change", "told", "left"),
    [
        ("checkpoint", begins_with(b"VDC2"), "it begins with 'VDC2', and only 'VDC1' is known here", 2),
        ("deletions", begins_with(b"VDD2"), "it begins with 'VDD2', and only 'VDD1' is known here", 2),
        ("blocks/*.block", begins_with(b"VDB1\2"), "a block of version 2, and only 1 is known here", 1),
        ("blocks/*.block", begins_with(b"VDB2"), "the file does not begin as a block does", 1),
    ],
)
async def test_a_file_of_another_version_is_set_aside(
    tmp_path: Path,
    clock: ManualClock,
    capsys: pytest.CaptureFixture[str],
    name: str,
    change: Callable[[Path], object],
    told: str,
    left: int,
) -> None:
    """Whole, so that it can be put back; the rest serves."""
    await fill(tmp_path, clock)
    (path,) = tmp_path.glob(name)  # noqa: ASYNC240 - nothing else runs here
    change(path)
    content = path.read_bytes()
    assert main(["storage", "verify", "--data", str(tmp_path)]) == 1
    assert f"{path} is damaged at byte" in (out := capsys.readouterr().out)
    assert told in out
    async with run_store(tmp_path, clock) as store:
        assert store.statistics().damaged == 1
        assert [len(times) for times in read_all(store.querier).values()] == [left, left]
    assert (tmp_path / "damaged" / path.name).read_bytes() == content
