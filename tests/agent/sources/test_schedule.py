"""Ticks lie on the grid of their interval, spread over hosts, and never come in bursts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vedette_agent.sources.schedule import delay_to_grid, delay_to_next, phase_of

INTERVAL = 15_000

CASES = [
    pytest.param(100_000, 100_000 % INTERVAL, INTERVAL, id="on time"),
    pytest.param(100_003, 100_000 % INTERVAL, INTERVAL - 3, id="a little late"),
    pytest.param(99_997, 100_000 % INTERVAL, INTERVAL + 3, id="a little early"),
    pytest.param(103_000, 100_000 % INTERVAL, INTERVAL - 3_000, id="stepped forward"),
    pytest.param(94_000, 100_000 % INTERVAL, INTERVAL + 6_000, id="stepped back"),
    pytest.param(100_000 + 3_600_000, 100_000 % INTERVAL, INTERVAL, id="after an hour's suspend"),
]


@pytest.mark.parametrize(("now", "phase", "expected"), CASES)
def test_next_tick(now: int, phase: int, expected: int) -> None:
    assert delay_to_next(now, INTERVAL, phase) == expected


@given(now=st.integers(0, 2**42), interval=st.integers(1, 10**7), phase=st.integers(0, 10**7))
def test_the_next_tick_is_on_the_grid_and_never_near(now: int, interval: int, phase: int) -> None:
    phase %= interval
    delay = delay_to_next(now, interval, phase)
    assert (now + delay) % interval == phase
    assert interval <= 2 * delay <= 3 * interval


@given(now=st.integers(0, 2**42), interval=st.integers(1, 10**7), phase=st.integers(0, 10**7))
def test_the_grid(now: int, interval: int, phase: int) -> None:
    delay = delay_to_grid(now, interval, phase % interval)
    assert 0 <= delay < interval
    assert (now + delay) % interval == phase % interval


def test_hosts_keep_their_phase_and_are_spread() -> None:
    phases = [phase_of(f"host{number}", INTERVAL) for number in range(1000)]
    assert phases == [phase_of(f"host{number}", INTERVAL) for number in range(1000)]
    tenths = [sum(1 for phase in phases if phase * 10 // INTERVAL == tenth) for tenth in range(10)]
    assert min(tenths) > 60
    assert max(phases) < INTERVAL
