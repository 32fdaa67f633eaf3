"""Kernels before they are compiled: little work is done in Python at once, much is compiled, with the same results."""

import threading
from typing import cast

import numpy as np
import pytest

from tests.server.promql.memory import MemoryQuerier
from vedette_server.compiled import LITTLE, CompiledKernel, as_python, compiled, in_background
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


def test_the_background_compiles_whatever_the_size() -> None:
    inner, outer = fresh()
    with in_background():
        assert outer(np.ones(1)) == 3.0
    assert inner.overloads
    assert outer.overloads


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
