"""How the kernels are compiled, and what runs until they are.

Compiling all of them takes some twenty seconds of one processor, once after an installation. ``warm_up`` does it in the
background. Until a kernel is ready, a call with little data runs its Python function as it stands, which takes
milliseconds; a call with much data compiles the kernel, and the background stands back meanwhile.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar, cast

import numpy as np
from numba import config
from numba.core.registry import CPUDispatcher

_Kernel = TypeVar("_Kernel", bound=Callable[..., Any])

LITTLE = 20_000
"""A call whose arrays hold no more values runs as Python: some 50 ms at the most."""

_OPTIONS = {"nopython": True, "nogil": True, "error_model": "numpy", "boundscheck": None}


class _Modes(threading.local):
    """How a thread calls kernels: with ``python`` all run as Python, with ``background`` all are compiled."""

    python = False
    background = False


_modes = _Modes()


class _Foreground:
    """The threads that compile because a query waits for it."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._waiting = 0

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """Let the background stand back."""
        with self._changed:
            self._waiting += 1
        try:
            yield
        finally:
            with self._changed:
                self._waiting -= 1
                self._changed.notify_all()

    def give_way(self) -> None:
        """Return when nobody waits."""
        with self._changed:
            self._changed.wait_for(lambda: not self._waiting)


_foreground = _Foreground()


class CompiledKernel(CPUDispatcher):
    """A kernel that runs as Python until it is compiled, if there is little to do."""

    def __call__(self, *arguments: Any) -> Any:
        if _modes.python:
            return self.py_func(*arguments)
        if self.overloads:
            return super().__call__(*arguments)
        if _modes.background:
            _foreground.give_way()
            return super().__call__(*arguments)
        if _size(arguments) <= LITTLE:
            with as_python():
                return self.py_func(*arguments)
        with _foreground.waiting():
            return super().__call__(*arguments)


@contextmanager
def as_python() -> Iterator[None]:
    """Run the kernels that this thread calls as Python."""
    before, _modes.python = _modes.python, True
    try:
        with np.errstate(all="ignore"):  # as compiled arithmetic does
            yield
    finally:
        _modes.python = before


@contextmanager
def in_background() -> Iterator[None]:
    """Compile every kernel that this thread calls, after those that queries wait for."""
    _modes.background = True
    try:
        yield
    finally:
        _modes.background = False


def compiled(function: _Kernel) -> _Kernel:
    """Decorate a kernel: it releases the GIL, stays compiled on disk, and divides by zero as IEEE 754 says.

    The compiled code is kept beside the source, or in the folder that ``NUMBA_CACHE_DIR`` names. Where neither can be
    written it is kept in memory alone, and every start of the program compiles it anew.
    """
    if config.DISABLE_JIT:  # type: ignore[attr-defined]  # it is read from the environment
        return function
    kernel = CompiledKernel(py_func=function, targetoptions=dict(_OPTIONS))
    try:
        kernel.enable_caching()
    except RuntimeError:  # no folder for it
        kernel = CompiledKernel(py_func=function, targetoptions=dict(_OPTIONS))
    return cast("_Kernel", kernel)


def _size(arguments: tuple[Any, ...]) -> int:
    return sum(argument.size for argument in arguments if isinstance(argument, np.ndarray))
