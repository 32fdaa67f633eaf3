"""Runs one ``eval`` of a script, and again as Prometheus does: pinned with ``@``, and as a range around the instant."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np

from tests.server.promql.memory import MemoryQuerier
from tests.server.promql.script import Clear, Command, Eval, Load, NativeHistogram, Sample, almost_equal
from vedette_server.promql import (
    Engine,
    Expr,
    NativeHistogramError,
    PromQLError,
    Result,
    format_query,
    parse,
)
from vedette_server.promql.invariance import looks_at_the_time
from vedette_server.promql.nodes import (
    Aggregate,
    Binary,
    Call,
    MatrixSelector,
    Paren,
    Shift,
    Subquery,
    Unary,
    VectorSelector,
)
from vedette_shared.frames import STALE_BITS
from vedette_shared.labels import METRIC_NAME, Labels, format_series, make_labels

_MINUTE = 60_000
_DEPENDS_ON_THE_QUERY = re.compile(r"(start|end|range|step)\(\)")
_ENGINE = Engine()


class MismatchError(AssertionError):
    """An evaluation did not yield what its script expects."""


class HistogramInTheWayError(MismatchError):
    """An evaluation met native histograms, which are not supported yet."""


def store_before(commands: list[Command], evaluation: Eval) -> MemoryQuerier:
    """What is loaded when the script comes to ``evaluation``."""
    loads: list[Load] = []
    for command in commands:
        if command is evaluation:
            break
        if isinstance(command, Clear):
            loads.clear()
        elif isinstance(command, Load):
            loads.append(command)
    return build_store(loads)


def build_store(loads: list[Load]) -> MemoryQuerier:
    """A store with the series of ``loads``. To read a native histogram of it is an error."""
    histograms: dict[Labels, list[int]] = {}

    def guard(labels: Labels, start: int, end: int) -> None:
        if any(start <= time <= end for time in histograms.get(labels, ())):
            raise NativeHistogramError(f"{format_series(labels)} has native histograms, which are not supported yet")

    store = MemoryQuerier(guard)
    for load in loads:
        for labels, samples in load.series:
            store.add(labels, [(i * load.gap, s) for i, s in enumerate(samples) if isinstance(s, float)])
            times = [i * load.gap for i, sample in enumerate(samples) if isinstance(sample, NativeHistogram)]
            histograms.setdefault(labels, []).extend(times)
            if load.with_nhcb:
                _add_nhcb(store, histograms, load, labels, samples)
    return store


def _add_nhcb(
    store: MemoryQuerier, histograms: dict[Labels, list[int]], load: Load, labels: Labels, samples: tuple[Sample, ...]
) -> None:
    """Add the native histogram that a classic one is converted to."""
    pairs = dict(labels)
    name = pairs.get(METRIC_NAME, "")
    base = re.sub(r"_(bucket|sum|count)$", "", name)
    if base == name:
        return
    pairs.pop("le", None)
    converted = make_labels({**pairs, METRIC_NAME: base})
    store.add(converted, [])
    histograms.setdefault(converted, []).extend(i * load.gap for i, s in enumerate(samples) if s is not None)


def run(store: MemoryQuerier, evaluation: Eval) -> None:
    """Run an evaluation.

    Raises:
        MismatchError: it did not yield what the script expects.
        HistogramInTheWayError: it needs native histograms.
    """
    if any(isinstance(sample, NativeHistogram) for samples in evaluation.series.values() for sample in samples):
        raise HistogramInTheWayError("the expected result has native histograms")
    if evaluation.is_range:
        _run_range(store, evaluation)
        return
    time = evaluation.range_vector[1] if evaluation.range_vector else evaluation.end
    _run_instant(store, evaluation, evaluation.query, time)
    expr = parse(evaluation.query)
    if looks_at_the_time(expr):
        return
    pinned = format_query(pin(expr, time))
    for other in (-10 * time, 0, int(time / 5), time, 10 * time) if time else (-1000, 0, 1000):
        _run_instant(store, evaluation, pinned, other)


def _run_range(store: MemoryQuerier, evaluation: Eval) -> None:
    try:
        result = _ENGINE.range(store, evaluation.query, evaluation.start, evaluation.end, evaluation.step)
    except PromQLError as error:
        _check_failure(evaluation, error, evaluation.query)
        return
    _check_no_failure(evaluation, evaluation.query)
    _check_notes(evaluation, result)
    _compare_matrix(evaluation, result)


def _run_instant(store: MemoryQuerier, evaluation: Eval, query: str, time: int) -> None:
    where = f"{query} at {time / 1000:g}s"
    try:
        result = _ENGINE.instant(store, query, time)
    except PromQLError as error:
        _check_failure(evaluation, error, where)
        return
    _check_no_failure(evaluation, where)
    _check_notes(evaluation, result)
    _compare_instant(evaluation, result, where)
    if evaluation.range_vector or evaluation.text is not None or _DEPENDS_ON_THE_QUERY.search(query):
        return
    try:
        ranged = _ENGINE.range(store, query, time - _MINUTE, time + _MINUTE, _MINUTE)
    except NativeHistogramError as error:
        raise HistogramInTheWayError(str(error)) from None
    except PromQLError as error:
        raise MismatchError(f"{where} failed within a range: {error}") from None
    _check_sorted(ranged)
    if "ordered" in evaluation.expect:
        return
    middle = ranged.present[:, 1]
    rows = np.flatnonzero(middle)
    labels = ranged.labels.take(rows)
    one = replace(
        ranged, type=result.type, labels=labels, values=ranged.values[rows, 1:2], present=ranged.present[rows, 1:2]
    )
    _compare_instant(evaluation, one, f"{where} within a range")


def _check_failure(evaluation: Eval, error: PromQLError, where: str) -> None:
    if isinstance(error, NativeHistogramError):
        raise HistogramInTheWayError(str(error))
    if "fail" not in evaluation.expect:
        raise MismatchError(f"{where} failed: {error}")
    for expectation in evaluation.expect["fail"]:
        if not expectation.matches(str(error)):
            raise MismatchError(f"{where} failed with {str(error)!r}, expected {expectation}")


def _check_no_failure(evaluation: Eval, where: str) -> None:
    if "fail" in evaluation.expect:
        raise MismatchError(f"{where} succeeded, but a failure is expected")


def _check_notes(evaluation: Eval, result: Result) -> None:
    for kind, found in (("warn", result.warnings), ("info", result.infos)):
        if found and f"no_{kind}" in evaluation.expect:
            raise MismatchError(f"unexpected: {found}")
        wanted = evaluation.expect.get(kind, [])
        for expectation in wanted:
            if not any(expectation.matches(text) for text in found):
                raise MismatchError(f"nothing among {found} matches {expectation}")
        for text in found:
            if wanted and not any(expectation.matches(text) for expectation in wanted):
                raise MismatchError(f"{text!r} is not among the expected: {wanted}")


def _check_sorted(result: Result) -> None:
    found = [result.labels.labels(i) for i in range(len(result.labels))]
    if found != sorted(found):
        raise MismatchError(f"the series are not sorted by labels: {found}")


def _compare_instant(evaluation: Eval, result: Result, where: str) -> None:
    if result.type == "string":
        if result.text != (evaluation.text or ""):
            raise MismatchError(f"{where}: expected the string {evaluation.text!r}, found {result.text!r}")
        return
    if evaluation.scalar is not None:
        if result.type != "scalar" or not almost_equal(evaluation.scalar, float(result.values[0, 0])):
            raise MismatchError(f"{where}: expected {evaluation.scalar}, found {result.type} {result.values.tolist()}")
        return
    if result.type == "matrix":
        _compare_raw(evaluation, result)
        return
    if result.type != "vector":
        raise MismatchError(f"{where}: expected a vector, found a {result.type}")
    found = {result.labels.labels(i): float(result.values[i, 0]) for i in range(len(result.labels))}
    expected = {labels: samples[0] for labels, samples in evaluation.series.items()}
    if found.keys() != expected.keys() or len(found) != len(result.labels):
        raise MismatchError(f"{where}: expected {_text(expected)}, found {_text(found)}")
    for labels, sample in expected.items():
        if not _same(sample, found[labels]):
            raise MismatchError(f"{where}: expected {sample} for {format_series(labels)}, found {found[labels]}")
    if "ordered" in evaluation.expect and list(found) != list(expected):
        raise MismatchError(f"{where}: expected the order {_text(expected)}, found {_text(found)}")


def _text(values: dict[Labels, float] | dict[Labels, Sample]) -> dict[str, object]:
    return {format_series(labels): value for labels, value in values.items()}


def _same(expected: Sample, found: float) -> bool:
    if expected is None or isinstance(expected, NativeHistogram):
        return False
    bits = np.array([expected, found]).view(np.uint64)
    if STALE_BITS in bits:
        return bool(bits[0] == bits[1])
    return almost_equal(expected, found)


def _compare_matrix(evaluation: Eval, result: Result) -> None:
    if evaluation.scalar is not None:
        raise MismatchError("expected a scalar, found a matrix")
    _check_sorted(result)
    steps = evaluation.start + evaluation.step * np.arange(result.values.shape[1])
    found = {}
    for i in range(len(result.labels)):
        here = result.present[i]
        found[result.labels.labels(i)] = dict(zip(steps[here].tolist(), result.values[i, here].tolist(), strict=True))
    _compare_points(evaluation, found, evaluation.start, evaluation.step)


def _compare_raw(evaluation: Eval, result: Result) -> None:
    if evaluation.range_vector is None or result.samples is None:
        raise MismatchError("found a range vector, which is not expected")
    samples = result.samples
    found = {}
    for i in range(len(samples)):
        stretch = slice(samples.offsets[i], samples.offsets[i + 1])
        times = samples.timestamps[samples.clocks[i] : samples.clocks[i] + (stretch.stop - stretch.start)]
        found[samples.labels.labels(i)] = dict(zip(times.tolist(), samples.values[stretch].tolist(), strict=True))
    start, _, step = evaluation.range_vector
    _compare_points(evaluation, found, start, step)


def _compare_points(evaluation: Eval, found: dict[Labels, dict[int, float]], start: int, step: int) -> None:
    if found.keys() != evaluation.series.keys():
        names = [format_series(labels) for labels in evaluation.series], [format_series(labels) for labels in found]
        raise MismatchError(f"expected the series {names[0]}, found {names[1]}")
    for labels, samples in evaluation.series.items():
        expected = {start + i * step: sample for i, sample in enumerate(samples) if sample is not None}
        points = found[labels]
        if expected.keys() != points.keys() or not all(_same(expected[time], points[time]) for time in points):
            raise MismatchError(f"expected for {format_series(labels)}: {expected}, found {points}")


def pin(expr: Expr, time: int) -> Expr:
    """The expression with ``@`` on every selector and subquery that has none; within a subquery nothing changes."""
    if isinstance(expr, (VectorSelector, Subquery)):
        return replace(expr, shift=_pinned(expr.shift, time))
    if isinstance(expr, MatrixSelector):
        return replace(expr, selector=replace(expr.selector, shift=_pinned(expr.selector.shift, time)))
    if isinstance(expr, Call):
        return replace(expr, args=tuple(pin(arg, time) for arg in expr.args))
    if isinstance(expr, Aggregate):
        param = pin(expr.param, time) if expr.param is not None else None
        return replace(expr, expr=pin(expr.expr, time), param=param)
    if isinstance(expr, Binary):
        return replace(expr, left=pin(expr.left, time), right=pin(expr.right, time))
    if isinstance(expr, (Unary, Paren)):
        return replace(expr, expr=pin(expr.expr, time))
    return expr


def _pinned(shift: Shift, time: int) -> Shift:
    return shift if shift.at is not None else replace(shift, at=time)
