"""Range functions: each takes the samples, the windows and the scalar arguments, and makes values at every step."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TypeAlias

from vedette_server.promql.counters import kernels as counters
from vedette_server.promql.overtime import kernels as overtime
from vedette_server.promql.selection.read import bounds
from vedette_server.promql.values import Floats, Mask, Samples, Windows

RangeFunction: TypeAlias = Callable[[Samples, Windows, list[Floats]], tuple[Floats, Mask]]


def _extrapolated(
    samples: Samples, windows: Windows, _: list[Floats], *, is_counter: bool, is_rate: bool
) -> tuple[Floats, Mask]:
    found = bounds(samples, windows.ends, windows.range)
    return counters.extrapolated(
        samples.values,
        samples.offsets,
        samples.timestamps,
        samples.clocks,
        *found,
        windows.ends,
        windows.range,
        is_counter,
        is_rate,
    )


def _last_two(samples: Samples, windows: Windows, _: list[Floats], *, is_rate: bool) -> tuple[Floats, Mask]:
    found = bounds(samples, windows.ends, windows.range)
    return counters.last_two(samples.values, samples.offsets, samples.timestamps, samples.clocks, *found, is_rate)


def _with_flag(kernel: Callable[..., tuple[Floats, Mask]], flag: int) -> RangeFunction:
    """A function whose kernel needs the values and one flag."""

    def evaluate(samples: Samples, windows: Windows, _: list[Floats]) -> tuple[Floats, Mask]:
        return kernel(samples.values, samples.offsets, *bounds(samples, windows.ends, windows.range), flag)

    return evaluate


RANGE_FUNCTIONS: dict[str, RangeFunction] = {
    "rate": partial(_extrapolated, is_counter=True, is_rate=True),
    "increase": partial(_extrapolated, is_counter=True, is_rate=False),
    "delta": partial(_extrapolated, is_counter=False, is_rate=False),
    "irate": partial(_last_two, is_rate=True),
    "idelta": partial(_last_two, is_rate=False),
    "resets": _with_flag(counters.count_changes, True),
    "changes": _with_flag(counters.count_changes, False),
    "count_over_time": _with_flag(overtime.pick, overtime.COUNT),
    "present_over_time": _with_flag(overtime.pick, overtime.PRESENT),
    "first_over_time": _with_flag(overtime.pick, overtime.FIRST),
    "last_over_time": _with_flag(overtime.pick, overtime.LAST),
    "sum_over_time": _with_flag(overtime.total, False),
    "avg_over_time": _with_flag(overtime.total, True),
    "max_over_time": _with_flag(overtime.extreme, True),
    "min_over_time": _with_flag(overtime.extreme, False),
}

KEEPS_NAME = frozenset({"first_over_time", "last_over_time"})
