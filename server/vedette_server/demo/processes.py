"""The demo's child processes: started with a log file each, watched, and always stopped."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from vedette_shared.errors import VedetteError

STOP_TIMEOUT_S = 10.0


class DemoError(VedetteError):
    """A part of the demo did not start or ended by itself."""


class Child:
    """One ``vedette`` command in the background, its output in a log file."""

    def __init__(self, name: str, arguments: Sequence[str], log: Path) -> None:
        self.name = name
        self._log = log
        with log.open("wb") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "vedette_shared.command", *arguments],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                # A Ctrl-C at the terminal is for the demo, which then stops its children in order.
                start_new_session=True,
            )

    def check(self) -> None:
        """Do nothing while the process runs.

        Raises:
            DemoError: it has ended, with the last line that it logged.
        """
        code = self._process.poll()
        if code is not None:
            lines = self._log.read_text(errors="replace").strip().splitlines()
            raise DemoError(f"the {self.name} ended with exit code {code}: {lines[-1] if lines else 'it said nothing'}")

    def stop(self) -> None:
        """End the process: SIGTERM, then SIGKILL when it takes too long."""
        if self._process.poll() is not None:
            return
        self._process.terminate()
        try:
            self._process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
