"""The command finds its subcommands, and tells bad usage in one line with exit code 2."""

import pytest

from vedette_shared import __version__, command

BAD_USAGE = [
    (["fly"], f"vedette: there is no command 'fly'; the commands are {', '.join(command.SUBCOMMANDS)}\n"),
    (["query"], "vedette: the following arguments are required: EXPR (see vedette query --help)\n"),
]


@pytest.mark.parametrize(("argv", "message"), BAD_USAGE)
def test_bad_usage(argv: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(argv) == 2
    assert capsys.readouterr().err == message


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["--version"]) == 0
    assert capsys.readouterr().out == f"vedette {__version__}\n"


def test_overview_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["--help"]) == 0
    out = capsys.readouterr().out
    assert [name for name in command.SUBCOMMANDS if f"\n  {name} " not in out] == []


def test_a_missing_library_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(command.SUBCOMMANDS, "fly", command.Subcommand("a_library_that_is_not_there", "", "wings"))
    with pytest.raises(command.UsageError) as caught:
        command.load_subcommand("fly")
    assert str(caught.value) == "fly needs the library a_library_that_is_not_there: install vedette[wings]"
