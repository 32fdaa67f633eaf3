"""Checking every file of a store and the server's state; what is damaged is named, and the rest is checked too."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from vedette_server.main.storage_command.block_check import check_block
from vedette_server.main.storage_command.log_check import check_segment
from vedette_server.state import check_database
from vedette_server.storage.block.meta import SUFFIX
from vedette_server.storage.catalog import NAME as CATALOG
from vedette_server.storage.checkpoint import NAME as CHECKPOINT
from vedette_server.storage.checkpoint import read_checkpoint
from vedette_server.storage.deletions import NAME as DELETIONS
from vedette_server.storage.deletions import read_deletions
from vedette_server.storage.errors import DamagedFileError
from vedette_server.storage.log.segments import segment_numbers, segment_path

Advance = Callable[[int], object]


@dataclass(slots=True)
class Outcome:
    """What was found.

    Attributes:
        files: Files that were read.
        size: Their bytes.
        notes: What is worth telling and no damage.
        damages: Places that are damaged.
    """

    files: int = 0
    size: int = 0
    notes: list[str] = field(default_factory=list)
    damages: int = 0


class Verification:
    """Checks the store in ``folder``, which a server may be writing, and the state that belongs to it, if any."""

    def __init__(self, folder: Path, state: Path | None = None) -> None:
        self.outcome = Outcome()
        self._folder = folder
        self._state = [] if state is None else [state]

    def total(self) -> int:
        """The bytes that there are to read, about."""
        return sum(_size(path) for path in (*self._state, *self._small_files(), *self._segments(), *self._blocks()))

    def run(self, advance: Advance) -> Iterator[DamagedFileError]:
        """Read everything; yield what is damaged. ``advance`` is told the bytes that were read."""
        yield from self._files(self._state, _check_state, advance)
        yield from self._files(self._small_files(), self._check_small, advance)
        yield from self._files(self._segments(), self._check_segment, advance)
        seen: set[Path] = set()
        # A server that merges meanwhile leaves new blocks in the place of some that were listed.
        while fresh := [path for path in self._blocks() if path not in seen]:
            seen.update(fresh)
            yield from self._files(fresh, check_block, advance)

    def _files(
        self, paths: Sequence[Path], check: Callable[[Path, Advance], Iterator[DamagedFileError]], advance: Advance
    ) -> Iterator[DamagedFileError]:
        for path in paths:
            try:
                size = path.stat().st_size
                for damage in check(path, advance):
                    self.outcome.damages += 1
                    yield damage
            except FileNotFoundError:
                continue
            self.outcome.files += 1
            self.outcome.size += size

    def _check_small(self, path: Path, advance: Advance) -> Iterator[DamagedFileError]:
        if path.name == CATALOG:
            yield from check_segment(path, 0, advance).damages
            return
        try:
            (read_checkpoint if path.name == CHECKPOINT else read_deletions)(self._folder)
        except DamagedFileError as error:
            yield error
        advance(path.stat().st_size)

    def _check_segment(self, path: Path, advance: Advance) -> Iterator[DamagedFileError]:
        number = int(path.stem)
        found = check_segment(path, number, advance)
        yield from found.damages
        if found.torn is None:
            return
        if number == segment_numbers(self._folder / "log")[-1]:
            self.outcome.notes.append(
                f"{path} ends in {found.torn.length} bytes of a write that was not finished, at byte "
                f"{found.torn.offset}; none of it was acknowledged"
            )
        else:
            yield DamagedFileError(path, found.torn.offset, f"{found.torn.length} bytes at the end are no record")

    def _small_files(self) -> list[Path]:
        return [path for name in (CHECKPOINT, DELETIONS, CATALOG) if (path := self._folder / name).exists()]

    def _segments(self) -> list[Path]:
        log = self._folder / "log"
        return [segment_path(log, number) for number in segment_numbers(log)]

    def _blocks(self) -> list[Path]:
        return sorted((self._folder / "blocks").glob(f"*{SUFFIX}"))


def _check_state(path: Path, advance: Advance) -> Iterator[DamagedFileError]:
    for fault in check_database(path):
        yield DamagedFileError(path, fault.offset, fault.what)
    advance(path.stat().st_size)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0
