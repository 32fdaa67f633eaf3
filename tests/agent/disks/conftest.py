"""A stand-in for smartctl: a shell script that prints recorded answers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

FIXTURES = Path(__file__).parent / "fixtures"


@pytest.fixture
def stand_in(tmp_path: Path) -> Callable[..., Path]:
    """Make a smartctl; what it does for a scan and for a device is the name of a fixture, or a line of shell."""

    def make(scan: str = "scan.json", **devices: str) -> Path:
        cases = [f"*--scan*) {_line(scan)};;"]
        cases += [f"*/dev/{name.replace('__', '/')}) {_line(action)};;" for name, action in devices.items()]
        program = tmp_path / "smartctl"
        aside = tmp_path / "smartctl.new"
        log = tmp_path / "calls"
        aside.write_text(f'#!/bin/sh\necho "$*" >> {log}\ncase "$*" in\n' + "\n".join(cases) + "\nesac\n")
        aside.chmod(0o755)
        aside.replace(program)
        return program

    return make


def _line(action: str) -> str:
    return f"cat {FIXTURES / action}" if action.endswith(".json") else action
