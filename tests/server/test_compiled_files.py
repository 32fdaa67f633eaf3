"""Compiled code of versions that are gone goes; that of versions which are installed stays."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from vedette_server.compiled_files import ORIGIN, KernelFiles, tidy

PYTHON = f"py{sys.version_info.major}{sys.version_info.minor}"

MODULE = """\
import sys
from pathlib import Path

import numpy as np

from vedette_server.compiled import compiled, in_background, kernel_files
from vedette_server.compiled_files import tidy


{lines}@compiled
def total(values):
    return values.sum()


with in_background():
    total(np.ones(3))
own = [kernel for kernel in kernel_files() if kernel.source == Path(__file__)]
print(tidy(own))
"""


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def touch(folder: Path, *files: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name in files:
        (folder / name).touch()


def test_what_a_module_no_longer_has_goes(tmp_path: Path) -> None:
    """For the Python that runs, and for modules that it knows; whatever else is there is left alone."""
    source, folder = tmp_path / "read" / "kernels.py", tmp_path / "read" / "__pycache__"
    kept = [
        f"kernels.count-3.{PYTHON}.nbi",
        f"kernels.count-3.{PYTHON}.1.nbc",
        f"kernels.count-3.{PYTHON}.2.nbc",
        "kernels.count-1.py27.nbi",
        f"other.count-1.{PYTHON}.nbi",
        "kernels.cpython-311.pyc",
    ]
    touch(folder, *kept, f"kernels.count-1.{PYTHON}.nbi", f"kernels.count-1.{PYTHON}.1.nbc")
    source.touch()
    kernel = KernelFiles(folder, f"kernels.count-3.{PYTHON}", source)
    assert tidy([kernel]) == 2
    assert names(folder) == sorted(kept)
    assert tidy([kernel]) == 0


def release(root: Path, name: str, shared: Path) -> KernelFiles:
    """A release whose compiled code lies in a folder that others share."""
    source, folder = root / name / "kernels.py", shared / f"read_{name}"
    touch(folder, f"kernels.count-3.{PYTHON}.nbi")
    touch(source.parent, source.name)
    return KernelFiles(folder, f"kernels.count-3.{PYTHON}", source)


def test_a_release_that_is_gone_leaves_nothing(tmp_path: Path) -> None:
    """One that stays beside the new one keeps what it has; its folder goes a call after its files."""
    shared = tmp_path / "cache"
    touch(shared / "unknown", "kernels.count-3.py311.nbi")
    old, previous, new = (release(tmp_path, name, shared) for name in ("old", "previous", "new"))
    for kernel in (old, previous):
        assert tidy([kernel]) == 0
    shutil.rmtree(tmp_path / "old")
    assert tidy([new]) == 1
    assert names(old.folder) == [ORIGIN]
    assert tidy([new]) == 0
    assert names(shared) == ["read_new", "read_previous", "unknown"]
    assert names(previous.folder) == sorted([f"kernels.count-3.{PYTHON}.nbi", ORIGIN])


def test_real_compiled_code(tmp_path: Path) -> None:
    """Two releases on one cache, the second with the kernel on another line, as in place or beside the first."""
    cache = tmp_path / "cache"

    def run(name: str, lines: int = 0) -> int:
        folder = tmp_path / name / "kernels"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "module.py").write_text(MODULE.format(lines="\n" * lines))
        command = [sys.executable, str(folder / "module.py")]
        environment = {**os.environ, "NUMBA_CACHE_DIR": str(cache)}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
        return int(done.stdout)

    assert run("first") == 0
    assert run("first", 1) == 2
    assert run("first", 1) == 0
    assert run("second") == 0
    assert len(names(cache)) == 2
    shutil.rmtree(tmp_path / "first")
    assert run("second") == 2
    assert run("second") == 0
    assert len(names(cache)) == 1


def test_a_cache_that_cannot_be_written(tmp_path: Path) -> None:
    """Is left as it is, without an error."""
    kernel = KernelFiles(tmp_path / "none" / "cache", f"kernels.count-3.{PYTHON}", tmp_path / "kernels.py")
    assert tidy([kernel]) == 0
