"""Which blocks are merged when, and which are dropped."""

from __future__ import annotations

import pytest

from vedette_server.storage.compaction.policy import BlockInfo, MergeJob, expired, next_merge

HOUR = 3_600_000
DAY = 24 * HOUR
WINDOWS = (2 * HOUR, DAY)


def small(name: str, hour: float, *, unclean: bool = False) -> BlockInfo:
    """A block that was cut at ``hour`` with the five minutes before it."""
    written = int(hour * HOUR)
    return BlockInfo(name, written - HOUR // 12, written, 0, written, 10, unclean)


def merged(name: str, hour: float, window: int, size: int = 100, *, unclean: bool = False) -> BlockInfo:
    """A block of the window in which ``hour`` lies."""
    begin = int(hour * HOUR) // window * window
    return BlockInfo(name, begin, begin + window - 1, window, begin + window, size, unclean)


@pytest.mark.parametrize(
    ("blocks", "hour", "expected"),
    [
        pytest.param([], 5, None, id="nothing"),
        pytest.param([small("a", 0.5), small("b", 1.9)], 1.99, None, id="the window is not over"),
        pytest.param([small("a", 0.5), small("b", 1.9)], 2, MergeJob(("a", "b"), 2 * HOUR), id="the window is over"),
        pytest.param([small("a", 0.5), small("b", 2.1)], 2.2, MergeJob(("a",), 2 * HOUR), id="of the window before"),
        pytest.param(
            [small("a", 0.5), small("b", 2.1), small("c", 1.9)],
            2.2,
            MergeJob(("a",), 2 * HOUR),
            id="the order is kept when the clock has stepped back",
        ),
        pytest.param(
            [small(str(i), 1.5) for i in range(48)],
            1.6,
            MergeJob(tuple(str(i) for i in range(48)), 2 * HOUR),
            id="too many",
        ),
        pytest.param([merged("a", h, 2 * HOUR) for h in (0, 22)], 24, None, id="the day has just ended"),
        pytest.param(
            [merged("a", 0, 2 * HOUR), merged("b", 22, 2 * HOUR), merged("c", 24, 2 * HOUR)],
            26,
            MergeJob(("a", "b"), DAY),
            id="the day is over",
        ),
        pytest.param([merged("a", 0, DAY, 1000), merged("b", 5, 2 * HOUR, 10)], 50, None, id="a little late"),
        pytest.param(
            [merged("a", 0, DAY, 1000), merged("b", 5, 2 * HOUR, 200)], 50, MergeJob(("a", "b"), DAY), id="much late"
        ),
        pytest.param(
            [merged(name, 4, 2 * HOUR) for name in "abcd"], 7, MergeJob(tuple("abcd"), 2 * HOUR), id="late today"
        ),
        pytest.param(
            [merged("a", 0, DAY), merged("b", 30, DAY, unclean=True)], 99, MergeJob(("b",), DAY), id="deleted samples"
        ),
        pytest.param([small("a", 1, unclean=True)], 1, MergeJob(("a",), 0), id="deleted samples of a small block"),
    ],
)
def test_next_merge(blocks: list[BlockInfo], hour: float, expected: MergeJob | None) -> None:
    """The oldest level first, in the order in which the samples came."""
    assert next_merge(blocks, WINDOWS, int(hour * HOUR)) == expected


@pytest.mark.parametrize(
    ("now", "newest", "age", "size", "expected"),
    [
        pytest.param(100, 100, 0, 0, [], id="for ever"),
        pytest.param(100, 100, 60, 0, ["a"], id="age"),
        pytest.param(100_000, 100, 60, 0, ["a"], id="a clock that leapt"),
        pytest.param(100, 100_000, 60, 0, ["a"], id="a sample from the future"),
        pytest.param(0, 100, 60, 0, [], id="a clock that stepped back"),
        pytest.param(100, 100, 0, 250, ["a"], id="bytes"),
        pytest.param(100, 100, 0, 1, ["a", "c"], id="the newest block stays"),
        pytest.param(100, 100, 30, 100, ["a", "c"], id="both"),
    ],
)
def test_expired(now: int, newest: int, age: int, size: int, expected: list[str]) -> None:
    """The oldest go first."""
    blocks = [
        BlockInfo("c", 40, 60, 0, 0, 100),
        BlockInfo("a", 0, 30, 0, 0, 100),
        BlockInfo("b", 60, 90, 0, 0, 100),
    ]
    assert expired(blocks, now, newest, age, size) == expected
