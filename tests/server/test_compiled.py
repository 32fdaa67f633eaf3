"""Kernels before they are compiled: little work is done in Python at once, much is compiled, with the same results."""

import threading
from collections.abc import Callable
from typing import cast

import numpy as np
import pytest

from tests.server.promql.memory import MemoryQuerier
from vedette_server.compiled import (
    LITTLE,
    CompiledKernel,
    NotCachedError,
    as_python,
    compile_wanted,
    compiled,
    compiled_by,
    from_cache,
    in_background,
    threads_waiting,
)
from vedette_server.promql import Engine, Result
from vedette_server.promql.values import Floats, Mask
from vedette_server.promql.warm import _QUERIES
from vedette_shared.labels import Labels, make_labels


def total(values: Floats) -> float:
    result = 0.0
    for value in values:
        result += value / 0.5
    return result


@pytest.fixture(autouse=True)
def nothing_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(CompiledKernel, "enable_caching", lambda _: None)


def fresh() -> tuple[CompiledKernel, CompiledKernel]:
    """A kernel and one that calls it, both not compiled yet."""
    inner = cast("CompiledKernel", compiled(total))
    outer = compiled(lambda values: inner(values) + 1)
    return inner, cast("CompiledKernel", outer)


@pytest.mark.parametrize(("size", "is_compiled"), [(LITTLE, False), (LITTLE + 1, True)])
def test_little_runs_as_python_and_much_is_compiled(size: int, is_compiled: bool) -> None:
    """The kernels that it calls go with it."""
    inner, outer = fresh()
    assert outer(np.ones(size)) == 2 * size + 1
    assert (bool(outer.overloads), bool(inner.overloads)) == (is_compiled, is_compiled)


def test_an_array_of_which_little_is_looked_at_does_not_count() -> None:
    """A kernel may name those that tell how much there is to do, and how many steps each value takes."""

    def pick(places: Floats, values: Floats) -> float:
        return float(values[int(places[0])])

    kernel = cast("CompiledKernel", compiled_by(places=100)(pick))
    assert kernel(np.ones(LITTLE // 100), np.arange(2.0 * LITTLE)) == 1.0
    assert not kernel.overloads
    assert kernel(np.ones(LITTLE // 100 + 1), np.arange(2.0)) == 1.0
    assert kernel.overloads


def test_the_background_compiles_whatever_the_size() -> None:
    inner, outer = fresh()
    with in_background():
        assert outer(np.ones(1)) == 3.0
    assert inner.overloads
    assert outer.overloads


def test_what_ran_as_python_is_compiled_later() -> None:
    """Once, for the types that it met; and it runs as Python again for types that are new."""
    compile_wanted()
    inner, outer = fresh()
    assert [outer(np.ones(2)) for _ in range(3)] == [5.0] * 3
    assert not outer.overloads
    assert (compile_wanted(), compile_wanted()) == (1, 0)
    assert (len(outer.overloads), len(inner.overloads)) == (1, 1)
    assert outer(np.ones(2, np.float32)) == 5.0
    assert len(outer.overloads) == 1
    compile_wanted()


def test_what_is_not_in_the_cache_is_told() -> None:
    inner, _ = fresh()
    with from_cache(), pytest.raises(NotCachedError, match="total is not in the cache of compiled code"):
        inner(np.ones(1))
    with in_background():
        inner(np.ones(1))
    with from_cache():
        assert inner(np.ones(1)) == 2.0


def test_threads_that_wait_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    inner, _ = fresh()
    counts = []
    monkeypatch.setattr(inner, "_compiler", Watched(inner._compiler, lambda: counts.append(threads_waiting())))
    inner(np.ones(LITTLE + 1))
    assert (counts, threads_waiting()) == ([1], 0)


class Watched:
    """A compiler whose use is noticed."""

    def __init__(self, compiler: object, notice: Callable[[], None]) -> None:
        self._compiler = compiler
        self._notice = notice

    def compile(self, *arguments: object) -> object:
        self._notice()
        return self._compiler.compile(*arguments)

    def __getattr__(self, name: str) -> object:
        return getattr(self._compiler, name)


def test_several_threads_compile_the_same_kernel() -> None:
    """One does it; all have the result."""
    inner, outer = fresh()
    results: list[float] = []
    threads = [threading.Thread(target=lambda: results.append(outer(np.ones(LITTLE + 1)))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (results, len(outer.overloads), len(inner.overloads)) == ([2.0 * LITTLE + 3] * 4, 1, 1)


def answers(result: Result) -> tuple[list[Labels], Floats, Mask]:
    return [result.labels.labels(i) for i in range(len(result.labels))], result.values, result.present


def store() -> MemoryQuerier:
    querier = MemoryQuerier()
    for host in ("a", "b"):
        for value, le in ((1.5, "1"), (2.25, "2"), (3.0, "+Inf")):
            labels = make_labels(__name__="x", host=host, le=le)
            querier.add(labels, [(at * 250, value * (at % 7)) for at in range(40)])
    return querier


STORE = store()


@pytest.mark.parametrize("query", sorted(set(_QUERIES)))
def test_python_and_compiled_code_agree(query: str) -> None:
    """To the bit: they are the same functions."""
    with in_background():
        labels, values, present = answers(Engine().range(STORE, query, 0, 9000, 500))
    with as_python():
        plain_labels, plain_values, plain_present = answers(Engine().range(STORE, query, 0, 9000, 500))
    assert labels == plain_labels
    np.testing.assert_array_equal(present, plain_present)
    np.testing.assert_array_equal(values[present], plain_values[present])
