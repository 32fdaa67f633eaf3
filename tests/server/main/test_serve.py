"""What keeps a server from starting is one line and exit code 1, before anything is touched."""

from pathlib import Path

import pytest

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


def test_a_data_folder_that_cannot_be_made(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "data").write_text("a file, not a folder")
    file = tmp_path / "server.toml"
    file.write_text(f'data = "{tmp_path}/data"\n[api]\nlisten = "127.0.0.1:0"\n[ingest]\nlisten = "127.0.0.1:0"\n')
    assert command.main(["server", "--config", str(file)]) == 1
    assert capsys.readouterr().err.splitlines()[-1] == (
        f"vedette: the data folder {tmp_path}/data/storage cannot be written to: Not a directory;"
        " make it writable for its user"
    )
