"""When which check is due."""

from __future__ import annotations

from vedette_server.checks.schedule import DISCOVERY_S, HOSTS, SETTLING_S, Due, Schedule


def settled(intervals: dict[str, float]) -> Schedule:
    """A schedule in which nothing is new any more, begun anew at 0."""
    schedule = Schedule(intervals, -SETTLING_S)
    assert schedule.due(0.0) == [Due(name) for name in intervals]
    return schedule


def timeline(schedule: Schedule, until: float) -> list[tuple[float, list[str]]]:
    """What is due when, up to a time."""
    seen = []
    now = schedule.next_time()
    while now <= until:
        names = [due.name for due in schedule.due(now) if not due.new_only]
        if names:
            seen.append((now, names))
        now = schedule.next_time()
    return seen


def test_all_at_once_first_then_spread_then_at_their_intervals() -> None:
    assert timeline(settled({"a": 60.0, "b": 60.0, "c": 15.0}), 100.0) == [
        (15.0, ["c"]),
        (20.0, ["a"]),
        (30.0, ["c"]),
        (40.0, ["b"]),
        (45.0, ["c"]),
        (60.0, ["c"]),
        (75.0, ["c"]),
        (80.0, ["a"]),
        (90.0, ["c"]),
        (100.0, ["b"]),
    ]


def test_what_was_missed_is_done_once() -> None:
    schedule = settled({"a": 60.0})
    assert schedule.due(200.0) == [Due("a")]
    assert schedule.due(200.0) == []
    assert schedule.next_time() == 240.0


def test_while_hosts_are_new_every_check_looks_for_new_services() -> None:
    schedule = Schedule({HOSTS: 15.0, "a": 60.0, "b": 60.0}, 0.0)
    assert schedule.due(0.0) == [Due(HOSTS), Due("a"), Due("b")]
    assert schedule.next_time() == DISCOVERY_S
    assert schedule.due(DISCOVERY_S) == [Due(HOSTS), Due("a", new_only=True), Due("b", new_only=True)]
    assert schedule.next_time() == 2 * DISCOVERY_S
    schedule.discovered(7.0, 2.0)
    assert schedule.due(19.0) == []
    assert schedule.due(27.0) == [Due(HOSTS), Due("a", new_only=True), Due("b", new_only=True)]


def test_when_nothing_is_new_any_more_there_is_no_looking_until_something_is() -> None:
    schedule = settled({"a": 3600.0})
    assert schedule.due(1000.0) == []
    schedule.settle(1000.0)
    assert schedule.due(1000.0) == [Due("a", new_only=True)]
