"""Results of queries as the JSON of Prometheus' API, written straight from the arrays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

import msgspec
import numpy as np
from numpy.typing import NDArray

from vedette_server.api.numbers import format_time, format_value
from vedette_server.promql import Result

_EXACT_INTEGERS = float(2**53)


def encode_result(result: Result, extra: Mapping[str, object] = MappingProxyType({})) -> msgspec.Raw:
    """Return the ``data`` of an answer: ``{"resultType": …, "result": …}``, and the members of ``extra``."""
    if result.type == "string":
        body = f"[{format_time(int(result.steps[0]))},{_json(result.text)}]"
    elif result.type == "scalar":
        body = f'[{format_time(int(result.steps[0]))},"{format_value(float(result.values[0, 0]))}"]'
    elif result.type == "vector":
        body = _encode_vector(result)
    elif result.samples is not None:
        body = _encode_samples(result)
    else:
        body = _encode_matrix(result)
    members = "".join(f",{_json(name)}:{_json(value)}" for name, value in extra.items())
    return msgspec.Raw(f'{{"resultType":"{result.type}","result":{body}{members}}}'.encode())


def _encode_vector(result: Result) -> str:
    at = format_time(int(result.steps[0]))
    texts = format_values(result.values[:, 0])
    entries = [f'{{"metric":{_metric(result, row)},"value":[{at},"{text}"]}}' for row, text in enumerate(texts)]
    return f"[{','.join(entries)}]"


def _encode_matrix(result: Result) -> str:
    steps = [format_time(step) for step in result.steps.tolist()]
    entries = []
    for row, (values, present) in enumerate(zip(result.values, result.present, strict=True)):
        times: Sequence[str] = steps
        if not present.all():
            chosen = np.flatnonzero(present)
            times = [steps[index] for index in chosen.tolist()]
            values = values[chosen]
        entries.append(f'{{"metric":{_metric(result, row)},"values":[{_pairs(times, format_values(values))}]}}')
    return f"[{','.join(entries)}]"


def _encode_samples(result: Result) -> str:
    samples = result.samples
    assert samples is not None
    entries = []
    for row in range(len(samples)):
        start, end = int(samples.offsets[row]), int(samples.offsets[row + 1])
        clock = int(samples.clocks[row])
        times = [format_time(at) for at in samples.timestamps[clock : clock + end - start].tolist()]
        values = format_values(samples.values[start:end])
        entries.append(f'{{"metric":{_metric(result, row)},"values":[{_pairs(times, values)}]}}')
    return f"[{','.join(entries)}]"


def format_values(values: NDArray[np.float64]) -> list[str]:
    """Return ``format_value`` of each; quick where all are whole numbers, as counters and states mostly are."""
    whole = np.abs(values) < _EXACT_INTEGERS
    whole &= values == np.trunc(values)
    if whole.all() and not np.signbit(values[values == 0]).any():
        return list(map(str, values.astype(np.int64).tolist()))
    return [format_value(value) for value in values.tolist()]


def _pairs(times: Sequence[str], values: Sequence[str]) -> str:
    return ",".join([f'[{at},"{value}"]' for at, value in zip(times, values, strict=True)])


def _metric(result: Result, row: int) -> str:
    return _json(dict(result.labels.labels(row)))


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()
