"""Has the kernels compiled: by a process of its own, whose memory is gone with it, while the server is at work.

The compiler leaves some 200 MB behind in the process that it ran in. Compiled code is kept on disk (see ``compiled``),
so the server only loads it. Where it cannot be kept, the server compiles it itself, at every start.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress

import trio

from vedette_server import ingest, promql, storage
from vedette_server.api import results
from vedette_server.compiled import NotCachedError, compile_wanted, from_cache, kernel_files
from vedette_server.compiled_files import tidy
from vedette_server.scrape import page
from vedette_shared.logs import get_logger

_log = get_logger(__name__)

_EVERY_S = 5
_NICE = 10


async def compile_in_background() -> None:
    """Compile all kernels or load them, those first that most queries need; then what turns up, until cancelled."""
    are_compiled = await trio.to_thread.run_sync(_load, abandon_on_cancel=True)
    if not are_compiled:
        _log.info("compiling kernels, once after an installation; large queries may wait meanwhile")
        await _compile_elsewhere()
    await _until_stopped(storage.warm_up)
    if not are_compiled:
        await trio.to_thread.run_sync(compile_wanted, abandon_on_cancel=True)
        await trio.to_thread.run_sync(_warm_up, abandon_on_cancel=True)
    await trio.to_thread.run_sync(_tidy, abandon_on_cancel=True)
    while True:
        await trio.to_thread.run_sync(compile_wanted, abandon_on_cancel=True)
        await trio.sleep(_EVERY_S)


def compile_and_end() -> None:
    """Compile all kernels, with less claim to the processors than what is at work; not longer than who asked lives."""
    stop = threading.Event()
    threading.Thread(target=_end_with, args=(os.getppid(), stop), daemon=True).start()
    # A sandbox may forbid it.
    with suppress(OSError):
        os.nice(_NICE)
    compile_all(stop)
    _tidy()


def _tidy() -> None:
    """Remove compiled code that nothing can load any more; all kernels must be there, or theirs would go."""
    removed = tidy(kernel_files())
    if removed:
        _log.info("compiled code of versions that are gone is removed", files=removed)


def _end_with(parent: int, stop: threading.Event) -> None:
    """End this process once its parent has ended, be it by SIGKILL: the compiler cannot be asked to stop."""
    while os.getppid() == parent:
        time.sleep(1.0)
    stop.set()
    time.sleep(1.0)
    os._exit(1)


def compile_all(stop: threading.Event | None = None) -> None:
    """Compile all kernels, or load those that are compiled. Takes up to a minute; for a worker thread or a process.

    Args:
        stop: Set to make an early end of what can be stopped.
    """
    storage.warm_up(stop)
    compile_wanted()
    _warm_up()


async def _until_stopped(work: Callable[[threading.Event], None]) -> None:
    """Run ``work`` in a thread. When cancelled, tell it to stop, and wait until it has cleared up."""
    stop = threading.Event()

    async def stop_when_cancelled() -> None:
        try:
            await trio.sleep_forever()
        finally:
            stop.set()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(stop_when_cancelled)
        await trio.to_thread.run_sync(work, stop)
        nursery.cancel_scope.cancel()


def _warm_up() -> None:
    """Call all kernels that have no store of their own to be called by."""
    results.warm_up()
    ingest.warm_up()
    promql.warm_up()
    page.warm_up()


def _load() -> bool:
    """Load what queries need from the cache; return whether all of it is there."""
    try:
        with from_cache():
            _warm_up()
    except NotCachedError:
        return False
    return True


async def _compile_elsewhere() -> None:
    """Run ``vedette server --compile``; where it fails, that is logged."""
    command = [sys.executable, "-m", "vedette_shared.command", "server", "--compile"]
    ended = await trio.run_process(command, check=False, stdin=subprocess.DEVNULL, capture_stderr=True)
    if ended.returncode:
        _log.warning("kernels could not be compiled beside", status=ended.returncode, error=ended.stderr[-500:])
