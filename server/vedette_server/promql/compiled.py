"""How the kernels are compiled."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

from numba import njit

_Kernel = TypeVar("_Kernel", bound=Callable[..., Any])


def compiled(function: _Kernel) -> _Kernel:
    """Decorate a kernel: it releases the GIL, stays compiled on disk, and divides by zero as IEEE 754 says.

    The compiled code is kept beside the source, or in the folder that ``NUMBA_CACHE_DIR`` names. Where neither can be
    written it is kept in memory alone, and every start of the program compiles it anew.
    """
    try:
        return cast("_Kernel", njit(nogil=True, cache=True, error_model="numpy")(function))
    except RuntimeError:
        return cast("_Kernel", njit(nogil=True, error_model="numpy")(function))
