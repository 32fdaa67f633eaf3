"""The state machine over arrays does what a plain one does for each."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from vedette_server.checks.levels import judge, severity
from vedette_server.checks.transitions import advance


def plain(state: int, hard: int, attempt: int, found: int, most: int, at_once: bool) -> tuple[int, int, int]:
    """One service, as the documentation of Nagios tells it."""
    if found == 0:
        return 0, 0, 1
    attempt = 1 if state == 0 else min(attempt + 1, most)
    if hard != 0 or attempt >= most or at_once:
        return found, found, attempt
    return found, hard, attempt


courses = st.lists(st.tuples(st.integers(0, 3), st.booleans()), max_size=30)


@given(st.lists(courses, min_size=1, max_size=5), st.integers(1, 4))
def test_like_one_by_one(fleet: list[list[tuple[int, bool]]], most: int) -> None:
    size, length = len(fleet), max(len(course) for course in fleet)
    state, hard = np.zeros(size, np.int8), np.zeros(size, np.int8)
    attempt = np.ones(size, np.int32)
    single = [(0, 0, 1)] * size
    for step in range(length):
        steps = [course[step] if step < len(course) else (0, False) for course in fleet]
        found = np.array([s for s, _ in steps], np.int8)
        at_once = np.array([o for _, o in steps], np.bool_)
        moved = advance(state, hard, attempt, found, most, at_once)
        after = [plain(*before, s, most, o) for before, (s, o) in zip(single, steps, strict=True)]
        assert [*zip(moved.state, moved.hard_state, moved.attempt, strict=True)] == after
        assert moved.changed.tolist() == [a[0] != b[0] for a, b in zip(after, single, strict=True)]
        assert moved.hardened.tolist() == [a[1] != b[1] for a, b in zip(after, single, strict=True)]
        state, hard, attempt, single = moved.state, moved.hard_state, moved.attempt, after


@given(st.lists(st.floats(), max_size=20), st.tuples(*[st.floats()] * 4))
def test_levels_like_one_by_one(values: list[float], levels: tuple[float, ...]) -> None:
    def one(value: float) -> int:
        upper_warn, upper_crit, lower_warn, lower_crit = levels
        if value != value:
            return 3
        if value >= upper_crit or value < lower_crit:
            return 2
        return int(value >= upper_warn or value < lower_warn)

    columns = [np.full(len(values), level) for level in levels]
    assert judge(np.array(values, np.float64), *columns).tolist() == [one(value) for value in values]


def test_severity() -> None:
    states = np.arange(4, dtype=np.int8)
    assert [*np.argsort(severity(states))] == [0, 1, 3, 2]
