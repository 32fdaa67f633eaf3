"""``/api/v1/status/tsdb`` and its blocks: how much there is, and which labels make the most of it."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from starlette.requests import Request
from starlette.responses import Response

from vedette_server.api.envelope import success
from vedette_server.api.errors import ApiError
from vedette_server.api.parameters import Parameters
from vedette_server.api.running import Call, Running
from vedette_server.storage import BlockStatistics
from vedette_server.storage.interface import LabelColumns, Querier
from vedette_shared.clock import Clock
from vedette_shared.labels import METRIC_NAME

HEAD_MS = 2 * 3_600_000
"""What Prometheus keeps in its head; the series of this time are counted."""

MAX_LIMIT = 10_000
_FORMAT_VERSION = 1


@dataclass(frozen=True, slots=True)
class TsdbEndpoints:
    """Shows what the store holds."""

    querier: Querier
    blocks: Callable[[], Sequence[BlockStatistics]]
    running: Running
    clock: Clock

    async def status(self, request: Request) -> Response:
        """The series of the last two hours by what they have most of; ``limit`` entries of each kind."""
        parameters = await Parameters.of(request)
        limit = parameters.number("limit", 10)
        if not 1 <= limit <= MAX_LIMIT:
            raise ApiError("bad_data", f"limit must be a number from 1 to {MAX_LIMIT}")
        now = self.clock.now_ms()

        def work(call: Call) -> Response:  # noqa: ARG001
            return success(cardinality(self.querier.series((), now - HEAD_MS, now), now - HEAD_MS, now, limit))

        return await self.running.answer(request, "status_tsdb", "", work)

    async def show_blocks(self, request: Request) -> Response:  # noqa: ARG002
        """The blocks, oldest first."""
        ordered = sorted(self.blocks(), key=lambda block: (block.min_time_ms, block.name))
        return success({"blocks": [_block(block) for block in ordered]})


def cardinality(labels: LabelColumns, start: int, end: int, limit: int) -> dict[str, object]:
    """Count what series have in common. There are no chunks here; their count is 0."""
    by_name: list[tuple[int, str]] = []
    values_of: list[tuple[int, str]] = []
    bytes_of: list[tuple[int, str]] = []
    pairs: list[tuple[int, str]] = []
    distinct = 0
    for name in labels.names():
        counted = _counted(labels, name)
        distinct += len(counted)
        values_of.append((len(counted), name))
        bytes_of.append((sum(count * len(value.encode(errors="replace")) for count, value in counted), name))
        pairs += _largest(((count, f"{name}={value}") for count, value in counted), limit)
        if name == METRIC_NAME:
            by_name = counted
    return {
        "headStats": {
            "numSeries": len(labels),
            "numLabelPairs": distinct,
            "chunkCount": 0,
            "minTime": start,
            "maxTime": end,
        },
        "seriesCountByMetricName": _entries(by_name, limit),
        "labelValueCountByLabelName": _entries(values_of, limit),
        "memoryInBytesByLabelName": _entries(bytes_of, limit),
        "seriesCountByLabelValuePair": _entries(pairs, limit),
    }


def _counted(labels: LabelColumns, name: str) -> list[tuple[int, str]]:
    """How many series have each value of a label; those without it are not counted."""
    codes, values = labels.column(name)
    used, counts = np.unique(codes, return_counts=True)
    found = zip(used.tolist(), counts.tolist(), strict=True)
    return [(count, values[code]) for code, count in found if values[code]]


def _largest(counted: Iterable[tuple[int, str]], limit: int) -> list[tuple[int, str]]:
    return heapq.nsmallest(limit, counted, key=lambda entry: (-entry[0], entry[1]))


def _entries(counted: Iterable[tuple[int, str]], limit: int) -> list[dict[str, object]]:
    return [{"name": name, "value": count} for count, name in _largest(counted, limit)]


def _block(block: BlockStatistics) -> dict[str, object]:
    """A block as Prometheus describes one: its end is exclusive, its level says how often it was merged."""
    return {
        "ulid": block.name,
        "minTime": block.min_time_ms,
        "maxTime": block.max_time_ms + 1,
        "stats": {"numSamples": block.samples, "numSeries": block.series},
        "compaction": {"level": 1 if not block.window_ms else 2 if block.window_ms <= HEAD_MS else 3},
        "version": _FORMAT_VERSION,
    }
