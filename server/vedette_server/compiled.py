"""How the kernels are compiled, and what runs until they are.

Compiling all of them takes some forty seconds of one processor, once after an installation; the server lets a process
of its own do it (``main.compiling``). Until a kernel is ready, a call with little data runs its Python function as it
stands, which takes milliseconds, and ``compile_wanted`` compiles it later; a call with much data compiles the kernel,
and the background stands back meanwhile.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from inspect import getfile, signature
from pathlib import Path
from typing import Any, TypeVar, cast

import numpy as np
from numba import config
from numba.core.compiler_lock import global_compiler_lock
from numba.core.registry import CPUDispatcher

from vedette_server.compiled_files import KernelFiles
from vedette_shared.errors import VedetteError

_Kernel = TypeVar("_Kernel", bound=Callable[..., Any])

LITTLE = 20_000
"""A call whose arrays hold no more values runs as Python: some 50 ms at the most."""

_OPTIONS = {"nopython": True, "nogil": True, "error_model": "numpy", "boundscheck": None}


class _Modes(threading.local):
    """How a thread calls kernels.

    With ``python`` all run as Python; with ``background`` all are compiled, after those that a query waits for; with
    ``cached_only`` those not in the cache are an error.
    """

    python = False
    background = False
    cached_only = False


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

    @property
    def count(self) -> int:
        """How many wait."""
        return self._waiting

    def give_way(self) -> None:
        """Return when nobody waits."""
        with self._changed:
            self._changed.wait_for(lambda: not self._waiting)


_foreground = _Foreground()


class NotCachedError(VedetteError):
    """A kernel is not in the cache of compiled code."""


class CompiledKernel(CPUDispatcher):
    """A kernel that runs as Python until it is compiled for its arguments' types, if there is little to do.

    Attributes:
        work: See ``compiled_by``, with places in place of names.
    """

    work: tuple[tuple[int, int], ...] = ()

    def __call__(self, *arguments: Any) -> Any:
        if _modes.python:
            return self.py_func(*arguments)
        return super().__call__(*arguments)

    def _compile_for_args(self, *arguments: Any) -> Any:
        """Return what to call for arguments of types that were not met before; numba calls this."""
        types = tuple(self.typeof_pyval(argument) for argument in arguments)
        if _modes.background:
            _foreground.give_way()
            return self.compile_for(types)
        if _steps(arguments, self.work) <= LITTLE:
            _wanted.add(self, types)
            return self._run_as_python
        with _foreground.waiting():
            return self.compile_for(types)

    def compile_for(self, types: tuple[Any, ...]) -> Any:
        """Compile the kernel for arguments of these types, or load it; return what to call."""
        # numba itself takes the lock later, when threads that are its first users have got in each other's way already.
        with global_compiler_lock:
            self._compilation_chain_init_hook()  # type: ignore[attr-defined]  # not in its stubs
            cache = self._cache  # type: ignore[attr-defined]  # not in its stubs
            if _modes.cached_only and cache.load_overload(types, self.targetctx) is None:
                raise NotCachedError(f"{self.py_func.__name__} is not in the cache of compiled code")
            return self.compile(types)

    def _run_as_python(self, *arguments: Any) -> Any:
        with as_python():
            return self.py_func(*arguments)


class _Wanted:
    """The kernels that ran as Python, with the types of their arguments, oldest first."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kernels: dict[tuple[CompiledKernel, tuple[Any, ...]], None] = {}

    def add(self, kernel: CompiledKernel, types: tuple[Any, ...]) -> None:
        with self._lock:
            self._kernels[kernel, types] = None

    def take(self) -> list[tuple[CompiledKernel, tuple[Any, ...]]]:
        with self._lock:
            taken = list(self._kernels)
            self._kernels.clear()
        return taken


_wanted = _Wanted()


def compile_wanted() -> int:
    """Compile what ran as Python since the last time, for the types that it met; for a thread in the background.

    Returns:
        How many kernels were compiled, or loaded from the cache.
    """
    taken = _wanted.take()
    for kernel, types in taken:
        _foreground.give_way()
        kernel.compile_for(types)
    return len(taken)


def threads_waiting() -> int:
    """How many threads have much to do and wait until a kernel for it is compiled."""
    return _foreground.count


@contextmanager
def _calling(**modes: bool) -> Iterator[None]:
    """Set modes for this thread, and put back what was."""
    before = {name: getattr(_modes, name) for name in modes}
    vars(_modes).update(modes)
    try:
        yield
    finally:
        vars(_modes).update(before)


@contextmanager
def as_python() -> Iterator[None]:
    """Run the kernels that this thread calls as Python."""
    with _calling(python=True), np.errstate(all="ignore"):  # as compiled arithmetic does
        yield


def in_background() -> AbstractContextManager[None]:
    """Compile every kernel that this thread calls, after those that queries wait for."""
    return _calling(background=True)


def from_cache() -> AbstractContextManager[None]:
    """Load every kernel that this thread calls from the cache of compiled code.

    Raises:
        NotCachedError: one is not there, which its caller gets.
    """
    return _calling(background=True, cached_only=True)


_kernels: list[CompiledKernel] = []


def kernel_files() -> list[KernelFiles]:
    """Where the compiled code of all kernels of the modules that are loaded is kept, as far as it is."""
    found = []
    for kernel in _kernels:
        cache: Any = kernel._cache  # type: ignore[attr-defined]  # noqa: SLF001 - numba shows it nowhere else
        if cache.cache_path is not None:
            source = Path(getfile(kernel.py_func))
            base = cache._impl.filename_base  # noqa: SLF001 - likewise
            found.append(KernelFiles(Path(cache.cache_path), base, source))
    return found


def compiled(function: _Kernel) -> _Kernel:
    """Decorate a kernel: it releases the GIL, stays compiled on disk, and divides by zero as IEEE 754 says.

    The compiled code is kept beside the source, or in the folder that ``NUMBA_CACHE_DIR`` names. Where neither can be
    written it is kept in memory alone, and every start of the program compiles it anew.
    """
    return compiled_by()(function)


def compiled_by(**work: int) -> Callable[[_Kernel], _Kernel]:
    """Decorate a kernel that looks at little of some of its arrays.

    Args:
        work: For the arrays whose sizes tell how much there is to do, by the names of the parameters, the steps that a
            value of theirs takes, about. Without any, all arrays count, with one step a value.
    """

    def decorate(function: _Kernel) -> _Kernel:
        if config.DISABLE_JIT:  # type: ignore[attr-defined]  # it is read from the environment
            return function
        kernel = CompiledKernel(py_func=function, targetoptions=dict(_OPTIONS))
        with suppress(RuntimeError):  # no folder for it
            kernel.enable_caching()
        _kernels.append(kernel)
        kernel.work = tuple((list(signature(function).parameters).index(name), steps) for name, steps in work.items())
        return cast("_Kernel", kernel)

    return decorate


def _steps(arguments: tuple[Any, ...], work: tuple[tuple[int, int], ...]) -> int:
    if work:
        return sum(arguments[place].size * steps for place, steps in work)
    return sum(argument.size for argument in arguments if isinstance(argument, np.ndarray))
