"""The background compiles every kernel of the store."""

from __future__ import annotations

import importlib

import pytest

from vedette_server.compiled import CompiledKernel
from vedette_server.storage import warm_up

PARTS = ("block", "compaction", "head", "read")


@pytest.mark.parametrize("part", PARTS)
def test_no_kernel_is_left_to_the_first_that_needs_it(part: str) -> None:
    """But for those that other kernels have in them."""
    warm_up()
    kernels = vars(importlib.import_module(f"vedette_server.storage.{part}.kernels"))
    public = {name: kernel for name, kernel in kernels.items() if isinstance(kernel, CompiledKernel) and name[0] != "_"}
    left = [name for name, kernel in public.items() if not kernel.overloads]
    assert left == []
