"""``vedette top`` from the command line."""

from __future__ import annotations

import pytest

from vedette_shared.command import main


@pytest.mark.parametrize(
    ("arguments", "code", "beginning"),
    [
        (["--server", "nonsense"], 2, "'nonsense' is not the URL of a server; write it like http://127.0.0.1:9470"),
        (["--interval", "soon"], 2, "argument --interval: 'soon' is not a duration; "),
        (["--interval", "10ms"], 2, "--interval must be 100ms or more"),
        (["--theme", "pink"], 2, "argument --theme: invalid choice: 'pink' "),
        ([], 1, "top needs a terminal to draw on; for text, use vedette query"),
    ],
)  # fmt: skip
def test_what_it_refuses(arguments: list[str], code: int, beginning: str, capsys: pytest.CaptureFixture[str]) -> None:
    """One line, and the exit code of the design."""
    assert main(["top", *arguments]) == code
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1
    assert lines[0].startswith(f"vedette: {beginning}")
