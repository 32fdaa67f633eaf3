"""Functions that change each value on its own."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np

from vedette_server.promql.nodes import Call
from vedette_server.promql.values import Evaluation, Floats, Grid, Vector, flags

_Math: TypeAlias = Callable[[Floats], Floats]


def _sign(values: Floats) -> Floats:
    return np.where(values == 0, values, np.sign(values))


_MATH: dict[str, _Math] = {
    "abs": np.abs,
    "acos": np.arccos,
    "acosh": np.arccosh,
    "asin": np.arcsin,
    "asinh": np.arcsinh,
    "atan": np.arctan,
    "atanh": np.arctanh,
    "ceil": np.ceil,
    "cos": np.cos,
    "cosh": np.cosh,
    "deg": np.degrees,
    "exp": np.exp,
    "floor": np.floor,
    "ln": np.log,
    "log10": np.log10,
    "log2": np.log2,
    "rad": np.radians,
    "sgn": _sign,
    "sin": np.sin,
    "sinh": np.sinh,
    "sqrt": np.sqrt,
    "tan": np.tan,
    "tanh": np.tanh,
}


def changed(vector: Vector, values: Floats) -> Vector:
    """The same series with other values, which mean something else: their names go away."""
    return Vector(vector.labels, values, vector.present, flags(len(vector), value=True))


def _math(evaluation: Evaluation, call: Call, grid: Grid) -> Vector:
    vector = evaluation.vector(call.args[0], grid)
    return changed(vector, _MATH[call.func](vector.values))


def _round(evaluation: Evaluation, call: Call, grid: Grid) -> Vector:
    """Round half up to the nearest multiple; the inverse is taken first since it loses less."""
    vector = evaluation.vector(call.args[0], grid)
    inverse = 1 / evaluation.scalar(call.args[1], grid) if len(call.args) > 1 else np.ones(grid.count)
    return changed(vector, np.floor(vector.values * inverse + 0.5) / inverse)


def _clamp(evaluation: Evaluation, call: Call, grid: Grid) -> Vector:
    """Keep values between two bounds; where the bounds cross, nothing is left."""
    vector = evaluation.vector(call.args[0], grid)
    low, high = np.full(grid.count, -np.inf), np.full(grid.count, np.inf)
    if call.func != "clamp_max":
        low = evaluation.scalar(call.args[1], grid)
    if call.func != "clamp_min":
        high = evaluation.scalar(call.args[-1], grid)
    values = np.maximum(low, np.minimum(high, vector.values))
    present = vector.present & ~(high < low)
    return Vector(vector.labels, values, present, flags(len(vector), value=True))


CALLS = {**dict.fromkeys(_MATH, _math), "round": _round, **dict.fromkeys(("clamp", "clamp_max", "clamp_min"), _clamp)}
