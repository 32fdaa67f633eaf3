"""Functions of the calendar, in UTC."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from vedette_server.promql import columns
from vedette_server.promql.calls.elementwise import changed
from vedette_server.promql.nodes import Call
from vedette_server.promql.values import Evaluation, Floats, Grid, Vector, flags

_Moments: TypeAlias = NDArray[np.datetime64]
_THURSDAY = 4
_MAX_SECONDS = 2**53


def _days(moments: _Moments) -> NDArray[np.int64]:
    return moments.astype("datetime64[D]").astype(np.int64)


def _days_since(unit: str) -> Callable[[_Moments], NDArray[np.int64]]:
    return lambda moments: _days(moments) - _days(moments.astype(f"datetime64[{unit}]")) + 1


def _days_in_month(moments: _Moments) -> NDArray[np.int64]:
    month = moments.astype("datetime64[M]")
    return _days(month + 1) - _days(month)


def _seconds(moments: _Moments) -> NDArray[np.int64]:
    return moments.astype(np.int64)


_PARTS: dict[str, Callable[[_Moments], NDArray[np.int64]]] = {
    "days_in_month": _days_in_month,
    "day_of_month": _days_since("M"),
    "day_of_week": lambda moments: (_days(moments) + _THURSDAY) % 7,
    "day_of_year": _days_since("Y"),
    "hour": lambda moments: _seconds(moments) // 3600 % 24,
    "minute": lambda moments: _seconds(moments) // 60 % 60,
    "month": lambda moments: moments.astype("datetime64[M]").astype(np.int64) % 12 + 1,
    "year": lambda moments: moments.astype("datetime64[Y]").astype(np.int64) + 1970,
}


def _part(name: str, seconds: Floats) -> Floats:
    known = np.abs(seconds) < _MAX_SECONDS
    moments = np.where(known, seconds, 0).astype(np.int64).astype("datetime64[s]")
    return np.where(known, _PARTS[name](moments), np.nan)


def _date(evaluation: Evaluation, call: Call, grid: Grid) -> Vector:
    if call.args:
        vector = evaluation.vector(call.args[0], grid)
        return changed(vector, _part(call.func, vector.values))
    values = _part(call.func, np.floor(grid.times() / 1000))[np.newaxis, :]
    return Vector(columns.empty_labels(1), values, np.ones(values.shape, np.bool_), flags(1, value=False))


CALLS = dict.fromkeys(_PARTS, _date)
