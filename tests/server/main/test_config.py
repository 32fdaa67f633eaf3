"""The server's configuration is the embedded default, a file with its drop-in folders, or one clear line."""

from pathlib import Path

import pytest

from vedette_server.main.config import ServerConfig, load_configuration
from vedette_shared import command
from vedette_shared.addresses import Address
from vedette_shared.config import Duration
from vedette_shared.errors import ConfigError


def test_without_a_file_the_embedded_default_is_sound() -> None:
    configuration = load_configuration(None)
    assert configuration.server == ServerConfig()
    assert len(configuration.checks.checks) >= 5


def test_the_file_and_its_folders(tmp_path: Path) -> None:
    file = tmp_path / "server.toml"
    file.write_text('[api]\nlisten = "127.0.0.1:1"\n')
    for folder, text in (
        ("server.d", '[query]\ntimeout = "5s"\n[[scrape]]\njob = "a"\ntargets = ["h:1"]\n'),
        ("checks.d", '[[check]]\nname = "memory"\nupper = [50, 60]\n'),
        ("notify.d", '[[notify]]\nname = "chat"\nmethod = "webhook"\nurl = "http://h/"\n'),
    ):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "one.toml").write_text(text)
    configuration = load_configuration(file)
    server = configuration.server
    memory = next(check for check in configuration.checks.checks if check.name == "memory")
    assert (server.api.listen, server.query.timeout) == (Address("127.0.0.1", 1), Duration(5_000))
    assert ([job.job for job in server.scrape], [method.name for method in server.notify]) == (["a"], ["chat"])
    assert memory.upper == (50, 60)


REFUSED = [
    ("data = 3", "data: 3 does not fit here"),
    (
        '[api]\nlisten = "9470"',
        'api.listen: \'9470\' is not an address; write it like "127.0.0.1:9470" or "[::1]:9470"',
    ),
    (
        '[ingest]\nlisten = "0.0.0.0:9471"',
        (
            "ingest: listen = '0.0.0.0:9471' is reached from other machines, without TLS and authentication;"
            " say insecure = true to allow that, or listen on 127.0.0.1"
        ),
    ),
    ('[storage]\nretention = "1m"', "storage: retention must be at least 1h"),
    ('[storage]\nhead_size = "1KiB"', "storage: head_size must be at least 1MB, and at most head_size_max"),
    ('[storage]\nhead_size_max = "2GB"', "storage: head_size_max must be at most 1GB"),
    ("[query]\nconcurrency = 0", "query: timeout, concurrency and max_samples must be more than 0"),
    ("[quer]\n", "quer: unknown key; did you mean query?"),
    (
        '[[check]]\nname = "memory"\nquery = "sum("\n',
        "check.memory.query: 1:5: parse error: unexpected end of input",
    ),
]


@pytest.mark.parametrize(("text", "message"), REFUSED)
def test_refuses(text: str, message: str, tmp_path: Path) -> None:
    file = tmp_path / "server.toml"
    file.write_text(text)
    with pytest.raises(ConfigError) as caught:
        load_configuration(file)
    assert str(caught.value) == f"{file}: {message}"


def test_check_config_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "server.toml"
    file.write_text("")
    assert command.main(["server", "--config", str(file), "--check-config"]) == 0
    assert capsys.readouterr().out == f"{file}: the configuration is sound\n"


def test_a_wrong_configuration_ends_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "server.toml"
    file.write_text("data = [")
    assert command.main(["server", "--config", str(file), "--check-config"]) == 1
    assert capsys.readouterr().err.startswith(f"vedette: {file}: not valid TOML: ")
