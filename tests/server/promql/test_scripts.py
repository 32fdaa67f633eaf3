"""Scripts of queries, Prometheus' own and ours: one test for each ``eval``, named ``file:line``.

Prometheus' scripts are read where they are: in the folder that ``PROMQL_SCRIPTS`` names, or in
``shared/conformance/promql`` beside the project. ``unsupported.tsv`` names the evals that need what Vedette does not
have yet (native histograms, start timestamps); one of them that passes is an error.
"""

from __future__ import annotations

import functools
import os
from pathlib import Path

import pytest

from tests.server.promql.memory import MemoryQuerier
from tests.server.promql.runner import run, store_before
from tests.server.promql.script import Command, Eval, read_script

_BESIDE_THE_PROJECT = Path(__file__).parents[4] / "shared" / "conformance" / "promql"
FOLDER = Path(os.environ.get("PROMQL_SCRIPTS") or _BESIDE_THE_PROJECT)


OURS = Path(__file__).parent / "scripts"
UNSUPPORTED = Path(__file__).parent / "unsupported.tsv"


@functools.cache
def script(path: Path) -> list[Command]:
    """The commands of a script."""
    return read_script(path)


@functools.lru_cache(maxsize=1)
def store(path: Path, first_line: int) -> MemoryQuerier:
    """What is loaded for the evals of a script that follow each other from ``first_line`` on."""
    commands = script(path)
    return store_before(commands, next(c for c in commands if isinstance(c, Eval) and c.line == first_line))


def cases() -> list[object]:
    """One parameter set for each eval: the script, the eval, and the first eval over the same data."""
    unsupported = {
        tuple(line.split("\t")) for line in (Path(__file__).parent / "unsupported.tsv").read_text().splitlines()
    }
    found = []
    if not FOLDER.is_dir():
        absent = pytest.mark.skip(reason=f"there are no scripts of Prometheus at {FOLDER}")
        found.append(pytest.param(FOLDER, None, 0, id="prometheus", marks=[absent]))
    for path in [*sorted(OURS.glob("*.test")), *sorted(FOLDER.glob("*.test"))]:
        first_line = 0
        for command in script(path):
            if not isinstance(command, Eval):
                first_line = 0
                continue
            first_line = first_line or command.line
            listed = (f"{path.name}:{command.line}", command.query) in unsupported
            marks = (
                [pytest.mark.xfail(reason="needs native histograms or start timestamps", strict=True)] if listed else []
            )
            found.append(pytest.param(path, command, first_line, id=f"{path.name}:{command.line}", marks=marks))
    return found


@pytest.mark.parametrize(("path", "evaluation", "first_line"), cases())
def test_an_eval_yields_what_its_script_says(path: Path, evaluation: Eval, first_line: int) -> None:
    run(store(path, first_line), evaluation)
