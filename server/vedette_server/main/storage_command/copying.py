"""Copying a store: as a backup while a server writes, and back again. What is half copied never stands in its place."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from vedette_server.main.storage_command.errors import StorageCommandError
from vedette_server.main.storage_command.location import STORE
from vedette_server.main.storage_command.snapshot import OpenFile, Snapshot
from vedette_server.state import FILE_NAME as STATE
from vedette_server.state import StateError, copy_database, database_files
from vedette_server.storage.catalog import NAME as CATALOG
from vedette_server.storage.files import sync_folder
from vedette_server.storage.log import framing
from vedette_server.storage.log.segments import read_segment

Advance = Callable[[int], object]

_CHUNK = 4 << 20
_FOLDER_MODE = 0o750


@dataclass(frozen=True, slots=True)
class Copied:
    """What was copied: files, their bytes, and how many of the files are hard links to the store's own."""

    files: int
    size: int
    linked: int

    def with_file(self, size: int) -> Copied:
        """The same with one more file."""
        return Copied(self.files + 1, self.size + size, self.linked)


def back_up(
    snapshot: Snapshot, goal: Path, advance: Advance, *, link: bool = True, state: Path | None = None
) -> Copied:
    """Write the store as it was at the moment of ``snapshot`` to ``goal``, which is absent or empty.

    Args:
        snapshot: What to copy.
        goal: A folder, made if need be.
        advance: Is told the bytes that are done.
        link: Whether blocks, which never change, may be hard links where both are on one file system.
        state: The database of the server's state, which is copied as it is now; ``None`` for a copy without one.

    Raises:
        StorageCommandError: ``goal`` is not empty, or cannot be written; nothing was left there.
    """
    if snapshot.folder.resolve() in goal.resolve().parents:
        raise StorageCommandError(f"{goal} is inside the store; choose a folder outside of it")
    with _made_aside(goal) as aside:
        copied = _copy(snapshot, aside, advance, link=link)
        return copied if state is None else copied.with_file(_copy_state(state, aside / STATE, advance))


def restore(source: Path, data: Path, advance: Advance, state: Path | None = None) -> Copied:
    """Copy the store ``source`` into the data folder ``data``, which has none, and the server's state if one is given.

    Raises:
        StorageCommandError: there is a store or a state already, or it cannot be written; nothing was left there.
    """
    require_room(data, state)
    try:
        with Snapshot(source) as snapshot, _made_aside(data / STORE) as aside:
            copied = _copy(snapshot, aside, advance, link=False)
            _give_to_owner(aside, data)
            return copied if state is None else copied.with_file(_place_state(state, data, advance))
    except BaseException:
        if state is not None:
            (data / STATE).unlink(missing_ok=True)
        raise


def require_room(data: Path, state: Path | None = None) -> None:
    """See that a store, and the server's state if there is one, can be restored to ``data``.

    Raises:
        StorageCommandError: there is one already.
    """
    for folder in (data / STORE, data / "blocks"):
        if _is_filled(folder):
            raise StorageCommandError(f"{folder} is not empty; move it away first, with the server stopped")
    # A log that another database left would be taken for the restored one's.
    there = database_files(data / STATE) if state is not None else []
    if there:
        raise StorageCommandError(
            f"{', '.join(map(str, there))} would be overwritten; move what there is away first, with the server "
            "stopped, or keep it with --without-state"
        )


@contextlib.contextmanager
def _made_aside(goal: Path) -> Iterator[Path]:
    """Give a new folder beside ``goal`` that takes its place, durably, when the block ends without an error."""
    aside: Path | None = None
    try:
        if _is_filled(goal):
            raise StorageCommandError(f"{goal} is not empty; choose another folder")
        goal.parent.mkdir(mode=_FOLDER_MODE, parents=True, exist_ok=True)
        aside = Path(tempfile.mkdtemp(prefix=f".{goal.name}-", suffix=".partial", dir=goal.parent))
        aside.chmod(_FOLDER_MODE)
        yield aside
        aside.rename(goal)
        sync_folder(goal.parent)
    except OSError as error:
        raise StorageCommandError(f"{goal} cannot be written: {error.strerror or error}") from error
    finally:
        if aside is not None:
            shutil.rmtree(aside, ignore_errors=True)


def _is_filled(folder: Path) -> bool:
    try:
        return any(folder.iterdir())
    except FileNotFoundError:
        return False
    except NotADirectoryError as error:
        raise StorageCommandError(f"{folder} is no folder") from error
    except OSError as error:
        raise StorageCommandError(f"{folder} cannot be read: {error.strerror}; run this as its user") from error


def _copy(snapshot: Snapshot, goal: Path, advance: Advance, *, link: bool) -> Copied:
    for part in ("log", "blocks"):
        (goal / part).mkdir(mode=_FOLDER_MODE)
    newest = max((file.name for file in snapshot.files if file.name.startswith("log/")), default="")
    size = linked = 0
    for file in snapshot.files:
        path = goal / file.name
        if link and not file.is_appended_to and _link(snapshot.folder / file.name, path, file):
            linked += 1
            advance(file.size)
        else:
            _copy_file(file, path, advance)
            if file.name in (newest, CATALOG):
                _cut_unfinished(path)
        size += path.stat().st_size
    for folder in (goal / "log", goal / "blocks", goal):
        sync_folder(folder)
    return Copied(len(snapshot.files), size, linked)


def _link(source: Path, goal: Path, file: OpenFile) -> bool:
    """Make ``goal`` a link to a file that never changes; tell whether that could be done."""
    try:
        os.link(source, goal)
    except OSError:
        # Another file system, or one without links, or the server has dropped the block meanwhile.
        return False
    if goal.stat().st_ino == file.inode:
        return True
    goal.unlink()
    return False


def _copy_file(file: OpenFile, goal: Path, advance: Advance) -> None:
    """Copy the bytes that the file had at the moment of the snapshot."""
    mode = os.fstat(file.descriptor).st_mode & 0o777
    with goal.open("xb") as copy:
        at = 0
        while at < file.size and (data := os.pread(file.descriptor, min(_CHUNK, file.size - at), at)):
            copy.write(data)
            at += len(data)
            advance(len(data))
        os.fchmod(copy.fileno(), mode)
        copy.flush()
        os.fsync(copy.fileno())


def _cut_unfinished(path: Path) -> None:
    """Drop the record at the end that was being written: none of it was acknowledged."""
    number = int(path.stem) if path.stem.isdecimal() else 0
    for part in read_segment(path, number):
        if isinstance(part, framing.Damage) and part.torn and part.offset:
            with path.open("r+b") as file:
                file.truncate(part.offset)
                os.fsync(file.fileno())
            return


def _copy_state(source: Path, goal: Path, advance: Advance) -> int:
    """Copy the database of the server's state; returns its bytes."""
    try:
        copy_database(source, goal)
    except StateError as error:
        raise StorageCommandError(f"{error}; --without-state leaves it out") from error
    size = goal.stat().st_size
    goal.chmod(source.stat().st_mode & 0o777)
    sync_folder(goal.parent)
    advance(size)
    return size


def _place_state(source: Path, data: Path, advance: Advance) -> int:
    """Copy the database into a data folder that has none; returns its bytes.

    Its caller puts the store in place after that: a server that found a store without its state would begin a new one.
    """
    with tempfile.TemporaryDirectory(prefix=f".{STATE}-", suffix=".partial", dir=data) as name:
        aside = Path(name) / STATE
        size = _copy_state(source, aside, advance)
        _give_to_owner(aside.parent, data)
        aside.rename(data / STATE)
    sync_folder(data)
    return size


def _give_to_owner(folder: Path, data: Path) -> None:
    """Where root restores, what is restored belongs to whom the data folder belongs to."""
    owner = data.stat()
    if os.geteuid() == 0 and (owner.st_uid, owner.st_gid) != (0, 0):
        for path in (folder, *folder.rglob("*")):
            os.chown(path, owner.st_uid, owner.st_gid)
