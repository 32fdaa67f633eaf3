"""When is what sent: in order for each subject, one at a time while the receiver is down."""

from __future__ import annotations

import random

import pytest

from vedette_server.notify.backoff import Backoff
from vedette_server.notify.queue import MOST_AT_ONCE, DeliveryQueue
from vedette_server.state import QueuedRow


def row(identity: str, subject: str = "", created: int = 0) -> QueuedRow:
    return QueuedRow(identity, "mail", subject or identity, created, b"")


class Highest(random.Random):
    """Always draws the upper bound."""

    def uniform(self, a: float, b: float) -> float:
        return b


def queue_of(*rows: QueuedRow) -> DeliveryQueue:
    queue = DeliveryQueue(Highest())
    for one in rows:
        queue.add(one, 0.0)
    return queue


def test_one_subject_goes_in_order() -> None:
    queue = queue_of(row("1", "a"), row("2", "a"), row("3", "b"))
    first, other = queue.take(0.0), queue.take(0.0)
    assert first == row("1", "a")
    assert other == row("3", "b")
    assert queue.take(0.0) is None
    queue.delivered(first, 0.0)
    assert queue.take(0.0) == row("2", "a")
    assert len(queue) == 2


def test_a_row_is_queued_once() -> None:
    queue = queue_of(row("1"), row("1"))
    assert len(queue) == 1


def test_only_so_many_at_once() -> None:
    queue = queue_of(*(row(str(number)) for number in range(MOST_AT_ONCE + 1)))
    taken = [queue.take(0.0) for _ in range(MOST_AT_ONCE + 1)]
    assert taken[-1] is None
    assert queue.next_time() is None


def test_while_the_receiver_is_down_one_at_a_time_tries() -> None:
    queue = queue_of(row("1"), row("2"))
    first = queue.take(0.0)
    assert first is not None
    assert queue.failed(first, 0.0, refused=False).attempts == 1
    assert (queue.next_time(), queue.take(0.9)) == (1.0, None)
    second = queue.take(1.0)
    assert second == row("2")
    assert queue.take(1.0) is None
    queue.failed(second, 1.0, refused=False)
    assert queue.next_time() == 3.0
    again = queue.take(3.0)
    assert again is not None
    assert (again.id, again.attempts) == ("1", 1)
    queue.delivered(again, 3.0)
    assert queue.next_time() == 2.0


def test_what_is_refused_holds_up_only_its_own_subject() -> None:
    queue = queue_of(row("1", "a"), row("2", "a"), row("3", "b"))
    first = queue.take(0.0)
    assert first is not None
    queue.failed(first, 0.0, refused=True)
    assert queue.take(0.0) == row("3", "b")
    assert queue.take(0.0) is None
    again = queue.take(60.0)
    assert again is not None
    assert (again.id, again.attempts) == ("1", 1)


def test_what_is_dropped_makes_room_for_the_next_of_its_subject() -> None:
    queue = queue_of(row("1", "a"), row("2", "a"))
    first = queue.take(0.0)
    assert first is not None
    queue.dropped(first, 0.0)
    assert queue.take(0.0) == row("2", "a")


def test_what_is_too_old_is_taken_out_unless_it_is_being_sent() -> None:
    old, flying, young = row("1", "a", 1), row("2", "b", 1), row("3", "a", 9)
    queue = queue_of(flying)
    assert queue.take(0.0) == flying
    queue.add(old, 0.0)
    queue.add(young, 0.0)
    assert queue.expire(5) == [old]
    assert (len(queue), queue.take(0.0)) == (2, young)


@pytest.mark.parametrize(
    ("failures", "most"), [(1, 1.0), (2, 2.0), (5, 16.0), (9, 256.0), (10, 300.0), (10_000, 300.0)]
)
def test_waits_are_anything_up_to_a_bound_that_doubles(failures: int, most: float) -> None:
    waits = [Backoff(1.0, 300.0).wait(failures, random.Random(seed)) for seed in range(200)]
    assert Backoff(1.0, 300.0).wait(failures, Highest()) == most
    assert min(waits) < most / 10
    assert most * 0.9 < max(waits) <= most
