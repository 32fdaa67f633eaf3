"""What keeps a server from starting is one line and exit code 1, before anything is touched."""

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path

import pytest

from vedette_server.storage.folder import DataFolder
from vedette_shared import command
from vedette_shared.addresses import Address
from vedette_shared.listening import bound_address, listen_on

LOOPBACK = Address("127.0.0.1", 0)


def test_a_taken_port(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "server.toml"
    with listen_on(LOOPBACK) as taken:
        address = bound_address(taken)
        file.write_text(f'data = "{tmp_path}/data"\n[api]\nlisten = "{address}"\n[ingest]\nlisten = "127.0.0.1:0"\n')
        assert command.main(["server", "--config", str(file)]) == 1
    assert capsys.readouterr().err.splitlines()[-1] == (
        f"vedette: cannot listen on {address}: Address already in use;"
        " another process listens there; stop it or name another port"
    )
    assert not (tmp_path / "data").exists()


def configured(folder: Path) -> Path:
    """A configuration with its data in ``folder/data``, on any free ports."""
    file = folder / "server.toml"
    file.write_text(f'data = "{folder}/data"\n[api]\nlisten = "127.0.0.1:0"\n[ingest]\nlisten = "127.0.0.1:0"\n')
    return file


@contextmanager
def in_use(data: Path) -> Iterator[str]:
    """Another server's lock; gives what the second one says."""
    folder = DataFolder(data / "storage")
    try:
        yield (
            f"vedette: the data folder {data}/storage is in use by the process {os.getpid()};"
            " stop it or choose another folder"
        )
    finally:
        folder.close()


@contextmanager
def of_another_version(data: Path) -> Iterator[str]:
    (data / "storage").mkdir(parents=True)
    (data / "storage" / "version").write_text("vedette storage, format 7\n")
    yield (
        f"vedette: the data folder {data}/storage is of an unknown format ('vedette storage, format 7', expected "
        "'vedette storage, format 1'); use the Vedette that wrote it, or another folder"
    )


@contextmanager
def with_a_newer_state(data: Path) -> Iterator[str]:
    data.mkdir()
    with closing(sqlite3.connect(data / "state.sqlite")) as connection:
        connection.executescript("CREATE TABLE t (x); PRAGMA application_id = 0x56445354; PRAGMA user_version = 99;")
    yield (
        f"vedette: {data}/state.sqlite: has schema version 99, this Vedette knows up to 2; "
        "install the version of Vedette that wrote it, or move the file away to begin anew"
    )


@pytest.mark.parametrize("make", [in_use, of_another_version, with_a_newer_state])
def test_a_data_folder_that_is_not_for_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], make: Callable[[Path], AbstractContextManager[str]]
) -> None:
    with make(tmp_path / "data") as told:
        assert command.main(["server", "--config", str(configured(tmp_path))]) == 1
    assert capsys.readouterr().err.splitlines()[-1] == told


def test_a_data_folder_that_cannot_be_made(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "data").write_text("a file, not a folder")
    assert command.main(["server", "--config", str(configured(tmp_path))]) == 1
    assert capsys.readouterr().err.splitlines()[-1] == (
        f"vedette: the data folder {tmp_path}/data/storage cannot be written to: Not a directory;"
        " make it writable for its user"
    )
