"""Waits are drawn from a bound that doubles, and what the server asks for comes on top."""

import random

from vedette_agent.push.backoff import Backoff


class Highest(random.Random):
    def uniform(self, a: float, b: float) -> float:
        return b


def test_bounds_double_up_to_the_most() -> None:
    backoff = Backoff(1.0, 10.0, Highest())
    assert [backoff.next_delay() for _ in range(6)] == [1, 2, 4, 8, 10, 10]
    backoff.reset()
    assert backoff.next_delay() == 1


def test_the_servers_word_is_the_least() -> None:
    assert Backoff(1.0, 10.0, Highest()).next_delay(30.0) == 31.0


def test_jitter_is_full() -> None:
    delays = [Backoff(8.0, 8.0, random.Random(seed)).next_delay() for seed in range(200)]
    assert min(delays) < 1
    assert max(delays) > 7
