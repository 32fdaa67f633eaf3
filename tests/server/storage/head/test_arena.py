"""The memory of a head: what is copied in and what is a file lie side by side, each as it came."""

from __future__ import annotations

import mmap
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vedette_server.storage.head.arena import Arena

PAGE = mmap.PAGESIZE
PIECES = st.lists(st.tuples(st.booleans(), st.binary(max_size=3 * PAGE)), max_size=8)


@given(PIECES)
def test_all_stands_where_it_was_put(
    tmp_path_factory: pytest.TempPathFactory, pieces: list[tuple[bool, bytes]]
) -> None:
    arena, folder, found = Arena(64 * PAGE), tmp_path_factory.mktemp("files"), []
    for number, (is_file, data) in enumerate(pieces):
        if is_file:
            at, view = load(arena, folder / str(number), data)
            assert bytes(view) == data
            arena.release(at)
        else:
            at = arena.put(data)
        found.append((at, is_file and bool(data)))
    for (at, is_file), (_, data) in zip(found, pieces, strict=True):
        assert bytes(arena.bytes[at : at + len(data)]) == data
        assert arena.is_file(at) == is_file or not data
    assert arena.filed == sum(-(-len(data) // PAGE) * PAGE for is_file, data in pieces if is_file)


def test_a_value_is_read_at_any_byte(tmp_path: Path) -> None:
    arena = Arena(PAGE)
    at, _ = load(arena, tmp_path / "file", b"abc" + np.array([1.5, -0.0, np.nan]).tobytes())
    assert arena.doubles[at + 3 : at + 27 : 8].tobytes() == np.array([1.5, -0.0, np.nan]).tobytes()
    assert arena.words[at + 11] == 1 << 63


def test_a_file_is_read_only(tmp_path: Path) -> None:
    _, view = load(Arena(PAGE), tmp_path / "file", b"abc")
    with pytest.raises(TypeError, match="read-only"):
        view[0] = 1


def test_a_file_that_is_too_large_is_refused(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="a segment of the log is larger than a head can be"):
        load(Arena(PAGE), tmp_path / "file", b"x" * (PAGE + 1))


def test_a_removed_file_stays_readable(tmp_path: Path) -> None:
    """A segment goes when its head has become a block; who reads the head still reads on."""
    arena, path = Arena(PAGE), tmp_path / "file"
    at, _ = load(arena, path, b"abc")
    path.unlink()
    arena.release(at)
    assert bytes(arena.bytes[at : at + 3]) == b"abc"


def load(arena: Arena, path: Path, data: bytes) -> tuple[int, memoryview]:
    path.write_bytes(data)
    with path.open("rb") as file:
        return arena.load(file)
