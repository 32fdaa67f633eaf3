"""A store as it was at one moment, opened to be read: nothing is locked, written, mended or removed."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from vedette_server.main.storage_command.snapshot import Snapshot
from vedette_server.storage.block.meta import SUFFIX
from vedette_server.storage.block.reader import Block
from vedette_server.storage.catalog import Catalog
from vedette_server.storage.checkpoint import Checkpoint, read_checkpoint
from vedette_server.storage.contents import Contents, in_order
from vedette_server.storage.deletions import Deletion, read_deletions
from vedette_server.storage.errors import DamagedFileError
from vedette_server.storage.folder import DataFolder
from vedette_server.storage.index.identity import Index
from vedette_server.storage.options import StorageOptions
from vedette_server.storage.read.cache import PieceCache
from vedette_server.storage.read.querier import StoreQuerier
from vedette_server.storage.recovery import LogHeads, resolve
from vedette_shared.logs import get_logger

_CACHE_BYTES = 256 << 20
_OPTIONS = StorageOptions()

_log = get_logger(__name__)


class FrozenStore:
    """What a snapshot holds.

    Attributes:
        index: All names.
        contents: Blocks, heads made of the log, deletions.
        querier: Reads them.
        damaged: Files and stretches that were left out.
    """

    def __init__(self, folder: Path) -> None:
        """Open the store in ``folder``, a mounted snapshot."""
        self.index = Index()
        self.damaged = 0
        self._folder = _ReadOnlyFolder(folder)
        self._cache = PieceCache(_CACHE_BYTES)
        for layout in Catalog(folder).load(self._report):
            self.index.layouts.add(layout)
        contents = Contents(in_order(self._blocks()), (), self._deletions())
        heads = LogHeads(self._folder, self.index, self._checkpoint(), contents, _OPTIONS, self._count)
        for head in (*heads, heads.intake.head):
            contents = contents.with_head(head)
        self.contents = contents
        self.querier = StoreQuerier(self.index, lambda: self.contents)

    @property
    def damage(self) -> int:
        """Files, stretches of the log and pieces of blocks that were found damaged so far, and left out."""
        return self.damaged + sum(len(block.damaged) for block in self.contents.blocks)

    def _blocks(self) -> list[Block]:
        blocks = []
        for path in sorted(self._folder.blocks.glob(f"*{SUFFIX}")):
            try:
                blocks.append(Block(path, self.index, self._cache))
            except DamagedFileError as error:
                self._report(error.path, error.offset, error.what)
        keep, _ = resolve(blocks)
        return keep

    def _checkpoint(self) -> Checkpoint:
        try:
            return read_checkpoint(self._folder.path) or Checkpoint(0, [], [])
        except DamagedFileError as error:
            self._report(error.path, error.offset, error.what)
            return Checkpoint(0, [], [])

    def _deletions(self) -> tuple[Deletion, ...]:
        try:
            return read_deletions(self._folder.path)
        except DamagedFileError as error:
            self._report(error.path, error.offset, error.what)
            return ()

    def _report(self, path: Path, offset: int, what: str) -> None:
        self._count()
        _log.error("a damaged place is left out", file=path.name, offset=offset, what=what)

    def _count(self) -> None:
        self.damaged += 1


@contextlib.contextmanager
def open_frozen(folder: Path) -> Iterator[FrozenStore]:
    """Open the store in ``folder`` as it is now, whether a server uses it or not.

    Raises:
        StorageCommandError: it cannot be read.
    """
    with Snapshot(folder) as snapshot, snapshot.mounted() as place:
        yield FrozenStore(place)


class _ReadOnlyFolder(DataFolder):
    """A data folder in which nothing is made, locked or moved."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.log = path / "log"
        self.blocks = path / "blocks"
        self.damaged = path / "damaged"

    def set_aside(self, path: Path, reason: object) -> None:
        """Leave it where it is."""

    def keep_damaged(self, name: str, data: bytes) -> None:
        """Leave it where it is."""

    def close(self) -> None:
        """There is no lock."""
