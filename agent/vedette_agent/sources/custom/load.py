"""Finds collectors written in Python: files of a folder, and entry points of installed packages.

A file offers either a function ``collect()``, or objects with such a method in a list ``COLLECTORS``. An entry point of
the group ``vedette.collectors`` names an object with ``collect()``, or a class that is made without arguments.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
from collections.abc import Callable, Iterable
from pathlib import Path

from vedette_agent.errors import CollectorError
from vedette_agent.sources.trusted import check_trusted

GROUP = "vedette.collectors"

Collect = Callable[[], Iterable[object]]


def find_files(folder: Path) -> list[Path]:
    """Return the files in ``folder`` that may hold collectors. Raises CollectorError, OSError."""
    check_trusted(folder)
    return sorted(path for path in folder.glob("*.py") if not path.name.startswith(("_", ".")))


def load_file(path: Path) -> list[Collect]:
    """Run a file and return the collectors that it offers.

    Raises:
        CollectorError: it cannot be trusted, or offers none. Whatever the file itself raises goes through.
    """
    check_trusted(path)
    spec = importlib.util.spec_from_file_location(f"vedette_custom_{path.stem}", path)
    if spec is None or spec.loader is None:
        raise CollectorError(f"{path} cannot be loaded as Python")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    offered = getattr(module, "COLLECTORS", None)
    if offered is not None:
        return [_collect_of(collector, str(path)) for collector in offered]
    return [_collect_of(module, str(path))]


def find_entry_points() -> list[importlib.metadata.EntryPoint]:
    """Return the entry points of the group ``vedette.collectors``."""
    return sorted(importlib.metadata.entry_points(group=GROUP), key=lambda point: point.name)


def load_entry_point(point: importlib.metadata.EntryPoint) -> list[Collect]:
    """Import an entry point and return its collector. What the import raises goes through."""
    found = point.load()
    return [_collect_of(found() if isinstance(found, type) else found, point.value)]


def _collect_of(owner: object, origin: str) -> Collect:
    collect = getattr(owner, "collect", None)
    if not callable(collect):
        raise CollectorError(f"{origin} offers no collect(), and no list COLLECTORS of objects that have one")
    return collect  # type: ignore[no-any-return]  # what it returns is judged where it is called
