"""Programs of the system that the agent asks: found, run within bounds, and not piled up where they hang."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from vedette_agent.children.child import ChildEnd, ChildLimits, run_child
from vedette_agent.errors import CollectorError

SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
NOT_PERMITTED = ("permission denied", "operation not permitted", "must be root", "root privilege", "administrator")


def find_tool(names: Sequence[str], configured: str = "", more_folders: Sequence[str] = ()) -> str | None:
    """Return the path of the first program there is among ``names``; ``configured`` goes before all of them.

    Looks in PATH, in the usual folders and in ``more_folders``. A configured path is returned as it is, there or not.
    """
    if "/" in configured:
        return configured
    path = ":".join([os.environ.get("PATH", ""), SYSTEM_PATH, *more_folders])
    for name in (configured,) if configured else names:
        found = shutil.which(name, path=path)
        if found:
            return found
    return configured or None


class Tool:
    """One program, that is run for one thing after another. ``program`` is its path.

    A run that could not even be killed, as it waits for a dead device, is waited for: until it has ended, no other one
    of the same ``purpose`` is started.
    """

    def __init__(self, program: str) -> None:
        self.program = program
        self._stuck: dict[str, int] = {}

    async def run(self, purpose: str, options: Sequence[str], limits: ChildLimits, cwd: Path | None = None) -> ChildEnd:
        """Run it to its end.

        Raises:
            CollectorError: it cannot be started, overran its bounds, or an earlier run has not ended yet.
        """
        stuck = self._stuck.get(purpose)
        if stuck is not None and _is_running(stuck):
            raise CollectorError(f"{self.program} still hangs (process {stuck}); not started again")
        self._stuck.pop(purpose, None)
        environment = {**os.environ, "LC_ALL": "C", "PATH": SYSTEM_PATH}
        environment.pop("NOTIFY_SOCKET", None)
        try:
            end = await run_child([self.program, *options], limits, environment, str(cwd) if cwd else None)
        except OSError as error:
            raise CollectorError(f"{self.program} cannot be run: {error.strerror}") from error
        if end.code is None:
            self._stuck[purpose] = end.pid
        if end.problem:
            raise CollectorError(f"{self.program}: {end.problem}")
        return end


def _is_running(pid: int) -> bool:
    """Whether a process is there and not just waiting to be reaped."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] not in ("Z", "X")
