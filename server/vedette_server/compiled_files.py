"""The files of compiled kernels: what no version that is installed can load any more is removed.

Beside the source numba keeps them in ``__pycache__``, which goes with it. In a folder of its own (``NUMBA_CACHE_DIR``)
it has one for each folder of sources, under a name from which that cannot be told; so each gets a file that names it. A
release that is installed beside the one at work keeps its files, as its sources are there.
"""

from __future__ import annotations

import contextlib
import sys
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

ORIGIN = "vedette-source"
"""The file that names the folder of the sources."""

_SUFFIXES = (".nbi", ".nbc")


@dataclass(frozen=True, slots=True)
class KernelFiles:
    """Where a kernel's compiled code is kept.

    Attributes:
        folder: The folder.
        base: What the names of its files begin with: module, function, line and Python's version.
        source: The source file.
    """

    folder: Path
    base: str
    source: Path


def tidy(kernels: Iterable[KernelFiles]) -> int:
    """Remove what is left of kernels that are gone, and of sources that are gone; returns how many files went.

    Another version may be at work on the same folder. What it has not loaded yet is compiled again where it is missed,
    and a folder goes one call later than the files in it, lest a program whose sources were removed under it cannot
    write.

    Args:
        kernels: All that this program has.
    """
    by_folder: dict[Path, list[KernelFiles]] = defaultdict(list)
    for kernel in kernels:
        by_folder[kernel.folder].append(kernel)
    removed = 0
    with contextlib.suppress(OSError):  # another user's, or read-only: then there is nothing to tidy
        for folder, own in by_folder.items():
            removed += _remove_replaced(folder, own)
            _mark(folder, own[0].source.parent)
        for shared in {folder.parent for folder in by_folder}:
            for folder in shared.iterdir():
                removed += _remove_orphaned(folder)
    return removed


def _remove_replaced(folder: Path, kernels: Iterable[KernelFiles]) -> int:
    """Remove files of kernels that these modules do not have any more, for the Python that runs."""
    bases = {kernel.base for kernel in kernels}
    modules = {kernel.source.stem for kernel in kernels}
    ending = f".py{sys.version_info.major}{sys.version_info.minor}{getattr(sys, 'abiflags', '')}"
    removed = 0
    for path in folder.iterdir():
        base = _base(path)
        if base.endswith(ending) and base.partition(".")[0] in modules and base not in bases:
            path.unlink(missing_ok=True)
            removed += 1
    return removed


def _base(path: Path) -> str:
    """What a file's name has before the number of its version; empty for a file that is not numba's."""
    if path.suffix not in _SUFFIXES:
        return ""
    return path.stem if path.suffix == ".nbi" else path.stem.rpartition(".")[0]


def _mark(folder: Path, source: Path) -> None:
    """Name the sources in a folder that does not lie among them."""
    mark = folder / ORIGIN
    if folder.parent != source and not mark.exists():
        mark.write_text(f"{source}\n")


def _remove_orphaned(folder: Path) -> int:
    """Empty a folder whose sources are gone; remove it if it is empty already."""
    mark = folder / ORIGIN
    try:
        source = Path(mark.read_text().rstrip("\n"))
    except (FileNotFoundError, NotADirectoryError):
        return 0
    if source.exists():
        return 0
    files = [path for path in folder.iterdir() if path != mark]
    for path in files:
        path.unlink(missing_ok=True)
    if not files:
        mark.unlink(missing_ok=True)
        folder.rmdir()
    return len(files)
