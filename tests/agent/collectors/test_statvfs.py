"""File systems that hang: bounded, told, and without harm to the others."""

from __future__ import annotations

import errno
import os
import threading
from collections.abc import Iterator

import pytest

from vedette_agent.collectors import statvfs
from vedette_agent.collectors.statvfs import NOT_ASKED, TIMED_OUT, StatvfsWatch

HERE = os.statvfs("/")


class FileSystems:
    """Stands in for the kernel: some mounts hang until they are released."""

    def __init__(self) -> None:
        self.hanging: dict[str, threading.Event] = {}
        self.calls: list[str] = []

    def hang(self, *paths: str) -> None:
        self.hanging |= {path: threading.Event() for path in paths}

    def release(self) -> None:
        hanging, self.hanging = self.hanging, {}
        for event in hanging.values():
            event.set()

    def statvfs(self, path: str) -> os.statvfs_result:
        self.calls.append(path)
        if event := self.hanging.get(path):
            event.wait()
        if path == "/gone":
            raise OSError(errno.ENOENT, os.strerror(errno.ENOENT))
        return HERE


@pytest.fixture
def systems() -> Iterator[FileSystems]:
    systems = FileSystems()
    yield systems
    systems.release()


def watch(systems: FileSystems, limit: int = 2) -> StatvfsWatch:
    return StatvfsWatch(timeout=0.3, limit=limit, statvfs=systems.statvfs)


def test_answers_and_errors(systems: FileSystems) -> None:
    assert watch(systems).ask(["/", "/gone", "/"]) == {"/": HERE, "/gone": "no such file or directory"}


def test_one_that_hangs_is_told_and_not_asked_again(systems: FileSystems) -> None:
    systems.hang("/dead")
    asked = watch(systems)
    expected = {"/a": HERE, "/dead": TIMED_OUT, "/b": HERE}
    assert asked.ask(["/a", "/dead", "/b"]) == expected
    assert asked.ask(["/a", "/dead", "/b"]) == expected
    assert systems.calls.count("/dead") == 1


def test_one_that_comes_back_is_asked_again(systems: FileSystems) -> None:
    systems.hang("/dead")
    asked = watch(systems)
    asked.ask(["/dead"])
    systems.release()
    while asked.hung():
        threading.Event().wait(0.001)
    assert asked.ask(["/dead"]) == {"/dead": HERE}


def test_the_number_that_may_hang_is_bounded_and_those_that_answered_are_still_asked(systems: FileSystems) -> None:
    asked = watch(systems, limit=2)
    systems.hang("/d1", "/d2", "/d3")
    paths = ["/a", "/d1", "/d2", "/d3"]
    expected = {"/a": HERE, "/d1": TIMED_OUT, "/d2": TIMED_OUT, "/d3": NOT_ASKED}
    assert asked.ask(paths) == expected
    assert asked.hung() == 2
    assert asked.ask(paths) == expected
    assert asked.ask([*paths, "/new"]) == {**expected, "/new": NOT_ASKED}
    assert asked.hung() == 2


def test_the_thread_ends_when_nobody_asks_any_more(systems: FileSystems, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(statvfs, "_IDLE_SECONDS", 0.01)
    before = set(threading.enumerate())
    asked = watch(systems)
    asked.ask(["/"])
    # It may have ended already.
    for thread in set(threading.enumerate()) - before:
        thread.join(5)
        assert not thread.is_alive()
    assert asked.ask(["/"]) == {"/": HERE}
