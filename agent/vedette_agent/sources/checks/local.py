"""Check_MK local checks: the executables of a folder; those in a folder named by seconds at that interval."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from vedette_agent.children import ChildEnd, ChildLimits
from vedette_agent.errors import CollectorError
from vedette_agent.sources.checks.local_format import parse_local_output
from vedette_agent.sources.checks.source import Script
from vedette_agent.sources.checks.values import CheckResult
from vedette_agent.sources.trusted import check_trusted


def find_local_checks(folder: Path, interval: float, limits: ChildLimits) -> list[Script]:
    """Return the local checks in ``folder``, those of its root at ``interval`` seconds.

    Raises:
        CollectorError, OSError: the folder, or one of the scripts, cannot be trusted or read.
    """
    return [
        Script(str(path.relative_to(folder)), (str(path),), every, limits, _parse)
        for path, every in _executables(folder, interval)
    ]


def _executables(folder: Path, interval: float) -> Iterator[tuple[Path, float]]:
    check_trusted(folder)
    for path in sorted(folder.iterdir()):
        if path.is_dir() and path.name.isdigit() and int(path.name) > 0:
            check_trusted(path)
            for inner in sorted(path.iterdir()):
                if _is_executable(inner):
                    yield inner, float(path.name)
        elif _is_executable(path):
            yield path, interval


def _is_executable(path: Path) -> bool:
    if not path.is_file() or not os.access(path, os.X_OK) or path.name.startswith("."):
        return False
    check_trusted(path)
    return True


def _parse(end: ChildEnd) -> Sequence[CheckResult]:
    results, complaints = parse_local_output(end.output.decode("utf-8", "replace"))
    if complaints:
        # Part of a page is not a page: what the other lines say may rest on the one that cannot be read.
        raise CollectorError(f"not the output of a local check: {complaints[0]}")
    return results
