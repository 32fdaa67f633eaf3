"""``info``: adds the labels of info metrics, such as ``target_info``, to the series of the same instance and job."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vedette_server.promql import columns
from vedette_server.promql.context import Context
from vedette_server.promql.errors import ExecutionError
from vedette_server.promql.matching import format_labels
from vedette_server.promql.merge import merge_duplicates
from vedette_server.promql.nodes import (
    Aggregate,
    Binary,
    Call,
    Expr,
    MatrixSelector,
    Shift,
    Subquery,
    Unary,
    VectorSelector,
    strip_parens,
)
from vedette_server.promql.regex import compile_anchored, quote_regex
from vedette_server.promql.selection.read import shift_times, times_at
from vedette_server.promql.values import Evaluation, Grid, Times, Vector
from vedette_server.storage.interface import LabelColumns, Matcher, MatchOp
from vedette_shared.labels import METRIC_NAME, Labels

_IDENTIFYING = ("instance", "job")
_DEFAULT = Matcher(METRIC_NAME, MatchOp.EQUAL, "target_info")
_ANY_INFO = Matcher(METRIC_NAME, MatchOp.REGEX, ".+_info")
_POSITIVE = (MatchOp.EQUAL, MatchOp.REGEX)


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What the second argument asks for."""

    names: tuple[Matcher, ...]
    data: tuple[Matcher, ...]

    @property
    def labels(self) -> frozenset[str]:
        return frozenset(matcher.name for matcher in self.data)

    def needs_match(self) -> bool:
        """Whether a series without an info series is left out."""
        return not all(_matches(matcher, "") for matcher in self.data)

    def is_source(self, name: str) -> bool:
        """Whether the series of this name are info series themselves."""
        return all(_matches(matcher, name) for matcher in self.names)


def _matches(matcher: Matcher, value: str) -> bool:
    if matcher.op in (MatchOp.EQUAL, MatchOp.NOT_EQUAL):
        return (matcher.value == value) == (matcher.op is MatchOp.EQUAL)
    return compile_anchored(matcher.value).matches(value) == (matcher.op is MatchOp.REGEX)


def _wanted(call: Call) -> _Wanted:
    if len(call.args) < 2:
        return _Wanted((_DEFAULT,), ())
    selector = strip_parens(call.args[1])
    assert isinstance(selector, VectorSelector)
    names = tuple(matcher for matcher in selector.matchers if matcher.name == METRIC_NAME)
    data = tuple(matcher for matcher in selector.matchers if matcher.name != METRIC_NAME)
    if not names:
        names = (_DEFAULT,)
    elif not any(matcher.op in _POSITIVE for matcher in names):
        names = (*names, _ANY_INFO)
    return _Wanted(names, data)


def _info(evaluation: Evaluation, call: Call, grid: Grid) -> Vector:
    base = evaluation.vector(call.args[0], grid)
    wanted = _wanted(call)
    codes, names = base.labels.column(METRIC_NAME)
    plain = np.array([wanted.is_source(name) for name in names], np.bool_)[codes]
    alive = base.present.any(axis=1)
    times = _reference_times(evaluation.context, call.args[0], grid.times())
    info = _select(evaluation.context, base.labels, alive & ~plain, wanted, times)
    choices = _choices(base, info) if info is not None else {}
    return _combine(base, plain, info, choices, wanted)


def _reference_times(context: Context, expr: Expr, times: Times) -> Times:
    """When the samples of ``expr`` are from: its first selector's ``@`` and ``offset``, and of subqueries around it."""
    for shift in _path(expr):
        times = shift_times(context, shift, times)
    return times


def _path(expr: Expr) -> list[Shift]:
    """The shifts on the way to the first selector of ``expr``."""
    expr = strip_parens(expr)
    if isinstance(expr, VectorSelector):
        return [expr.shift]
    if isinstance(expr, MatrixSelector):
        return [expr.selector.shift]
    if isinstance(expr, Subquery):
        return [expr.shift, *_path(expr.expr)]
    children: tuple[Expr, ...] = ()
    if isinstance(expr, Call):
        children = expr.args
    elif isinstance(expr, (Unary, Aggregate)):
        children = (expr.expr,)
    elif isinstance(expr, Binary):
        children = (expr.left, expr.right)
    return next((path for child in children if (path := _path(child))), [])


def _select(
    context: Context, labels: LabelColumns, rows: NDArray[np.bool_], wanted: _Wanted, times: Times
) -> Vector | None:
    """The info series that may belong to any of the base series; their values are the times of their samples."""
    matchers = list(wanted.names + wanted.data)
    identified = False
    for name in _IDENTIFYING:
        codes, values = labels.column(name)
        found = sorted({values[code] for code in np.unique(codes[rows])} - {""})
        if found:
            identified = True
            matchers.append(Matcher(name, MatchOp.REGEX, "|".join(quote_regex(value) for value in found)))
    return times_at(context, tuple(matchers), times) if identified else None


def _choices(base: Vector, info: Vector) -> dict[str, tuple[Times, NDArray[np.int64]]]:
    """For each info metric: the group of each base series; the row of the newest info sample by group and step."""
    both = columns.concatenate([base.labels, info.labels])
    groups, first = columns.group_rows(both, _IDENTIFYING)
    base_groups, info_groups = groups[: len(base)], groups[len(base) :]
    codes, names = info.labels.column(METRIC_NAME)
    found = {}
    for code in np.unique(codes):
        chosen = np.full((len(first), info.values.shape[1]), -1, np.int64)
        for row in np.flatnonzero(codes == code):
            _offer(info, chosen[info_groups[row]], int(row))
        found[names[code]] = (base_groups, chosen)
    return found


def _offer(info: Vector, chosen: NDArray[np.int64], row: int) -> None:
    """Put ``row`` in place of what was chosen at the steps where its sample is newer."""
    here = info.present[row]
    held = info.values[chosen, np.arange(len(chosen))]
    taken = chosen >= 0
    same = here & taken & (held == info.values[row])
    if same.any():
        step = int(np.argmax(same))
        at = round(float(held[step]) * 1000)
        first, second = (format_labels(info.labels.labels(i)) for i in (int(chosen[step]), row))
        raise ExecutionError(f"found duplicate series for info metric: existing {first} @ {at}, new {second} @ {at}")
    better = here & (~taken | (held < info.values[row]))
    chosen[better] = row


def _combine(
    base: Vector,
    plain: NDArray[np.bool_],
    info: Vector | None,
    choices: dict[str, tuple[Times, NDArray[np.int64]]],
    wanted: _Wanted,
) -> Vector:
    rows: list[int] = []
    label_sets: list[Labels] = []
    masks = []
    for row in np.flatnonzero(base.present.any(axis=1)):
        own = base.labels.labels(int(row))
        picked = [] if plain[row] else [chosen[groups[row]] for groups, chosen in choices.values()]
        for sources, steps in _distinct(picked, base.present[row]).items():
            if sources or plain[row] or not wanted.needs_match():
                rows.append(int(row))
                label_sets.append(_enriched(own, info, sources, wanted.labels))
                masks.append(steps)
    index = np.array(rows, np.intp)
    present = np.array(masks, np.bool_).reshape(len(rows), base.values.shape[1])
    labels = columns.from_label_sets(label_sets)
    return merge_duplicates(Vector(labels, base.values[index], present, base.drop_name[index]))


def _distinct(picked: list[NDArray[np.int64]], present: NDArray[np.bool_]) -> dict[tuple[int, ...], NDArray[np.bool_]]:
    """The combinations of info series that a base series meets, each with the steps at which it does."""
    if not picked:
        return {(): present}
    table = np.stack(picked)
    found: dict[tuple[int, ...], NDArray[np.bool_]] = defaultdict(lambda: np.zeros(len(present), np.bool_))
    combinations, member = np.unique(table, axis=1, return_inverse=True)
    for number in np.unique(member[present]):
        sources = tuple(int(i) for i in combinations[:, number] if i >= 0)
        found[sources] = found[sources] | (present & (member == number))
    return dict(found)


def _enriched(own: Labels, info: Vector | None, sources: tuple[int, ...], wanted: frozenset[str]) -> Labels:
    added: dict[str, str] = {}
    known = dict(own)
    for source in sources:
        assert info is not None
        for name, value in info.labels.labels(source):
            if name == METRIC_NAME or (wanted and name not in wanted):
                continue
            if added.get(name, value) != value:
                raise ExecutionError(f"conflicting label: {name}")
            if name not in known:
                added[name] = value
    return tuple(sorted((known | added).items()))


CALLS = {"info": _info}
