"""Child processes of the lab: a list of arguments in, the output out, a failure told with what was printed."""

from __future__ import annotations

import shlex
import shutil
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from tests.deploy.lab.errors import LabError


def execute(
    command: Sequence[str],
    *,
    timeout: float = 60,
    env: Mapping[str, str] | None = None,
    folder: Path | None = None,
    check: bool = True,
) -> subprocess.CompletedProcess[str]:
    """Run ``command`` to its end; both of its streams are captured as text.

    Raises:
        LabError: it failed while ``check`` holds, or took longer than ``timeout`` seconds.
    """
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=timeout, env=env, cwd=folder, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise LabError(f"{shlex.join(command)}: not done after {timeout} s") from error
    if check and done.returncode:
        raise LabError(f"{shlex.join(command)}: exit code {done.returncode}\n{done.stdout}{done.stderr}")
    return done


def absent(tools: Iterable[str]) -> list[str]:
    """Return those of ``tools`` that are not on the path."""
    return [tool for tool in tools if shutil.which(tool) is None]
