"""Sequences and sources: small memories that must be right."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vedette_server.storage.sequences import MAX_STRETCHES, SequenceMemory, Stretches
from vedette_server.storage.sources import ENDED, SourceHistory, Sources
from vedette_shared.frames import Sender


@settings(deadline=None)
@given(st.lists(st.integers(1, 60), unique=True))
def test_stretches_are_a_set(numbers: list[int]) -> None:
    """In any order."""
    found = Stretches()
    for i, number in enumerate(numbers):
        found.add(number)
        assert {n for n in range(62) if n in found} == set(numbers[: i + 1])
        assert found.highest == max(numbers[: i + 1])
    stretches = found.stretches()
    assert all(before[1] + 1 < after[0] for before, after in pairwise(stretches))


def test_stretches_forget_the_oldest() -> None:
    """The memory is bounded."""
    found = Stretches()
    for number in range(MAX_STRETCHES + 5):
        found.add(2 * number)
    assert len(found.stretches()) == MAX_STRETCHES
    assert 0 not in found
    assert 2 * MAX_STRETCHES in found


def test_sequences_survive_a_dump() -> None:
    """By sender and generation."""
    memory = SequenceMemory()
    for number in (1, 2, 5):
        memory.of(Sender("a", 1)).add(number)
    other = SequenceMemory()
    other.load(memory.dump())
    assert other.of(Sender("a", 1)).stretches() == [(1, 2), (5, 5)]
    assert other.of(Sender("a", 2)).stretches() == []


A, B = b"a" * 16, b"b" * 16


@pytest.mark.parametrize(
    ("reports", "ended"),
    [
        pytest.param([(A, 1), (A, 2)], [ENDED, ENDED], id="the same"),
        pytest.param([(A, 1), (B, 2)], [ENDED, A], id="another"),
        pytest.param([(A, 1), (B, 2), (A, 3)], [ENDED, A, B], id="and back"),
        pytest.param([(A, 1), (ENDED, 2), (ENDED, 3), (A, 4)], [ENDED, A, ENDED, ENDED], id="ended, begun anew"),
        pytest.param([(B, 9), (A, 3)], [ENDED, ENDED], id="late, before all"),
        pytest.param([(A, 1), (B, 9), (A, 3)], [ENDED, A, ENDED], id="late, of the run before"),
        pytest.param([(A, 1), (B, 9), (B, 3), (B, 4)], [ENDED, A, A, ENDED], id="late, the change came earlier"),
        pytest.param([(A, 1), (A, 9), (B, 3)], [ENDED, ENDED, ENDED], id="late, amid another"),
    ],
)
def test_which_layout_ends(reports: list[tuple[bytes, int]], ended: list[bytes]) -> None:
    """At each report, the layout whose series end there unless the new one has them."""
    history = SourceHistory()
    assert [history.note(layout, time) for layout, time in reports] == ended


def test_sources_survive_a_dump() -> None:
    """And name the layouts that are in use."""
    sources = Sources()
    sources.of(b"t", "node").note(A, 1)
    other = Sources()
    other.load(sources.dump())
    assert other.of(b"t", "node").note(B, 2) == A
    assert other.layouts() == {A, B}
    other.forget_before(3)
    assert other.layouts() == set()
