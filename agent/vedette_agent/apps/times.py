"""What pages say of the time of their samples, taken as Prometheus takes it with and without ``honor_timestamps``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from vedette_agent.apps.errors import PageError
from vedette_shared.metrics import MetricFamily

MOST_AHEAD_MS = 600_000
"""A sample from so far in the future is left out, as Prometheus does it: its clock is wrong."""

MOST_TIMES = 500
"""Each time costs a frame; a page of more is no page of an application's containers or disks."""


def heed_times(families: Sequence[MetricFamily], now_ms: int) -> tuple[Sequence[MetricFamily], int]:
    """Return (the families without samples from the future, how many those were).

    Raises:
        PageError: the page states too many different times.
    """
    times = {sample.timestamp_ms for family in families for sample in family.samples} - {None}
    if len(times) > MOST_TIMES:
        raise PageError(
            f"the page states {len(times)} different times, and {MOST_TIMES} are the most; "
            "with honor_timestamps = false its samples have the time of the scrape"
        )
    latest = now_ms + MOST_AHEAD_MS
    if all(time is None or time <= latest for time in times):
        return families, 0
    kept = [
        replace(family, samples=[s for s in family.samples if s.timestamp_ms is None or s.timestamp_ms <= latest])
        for family in families
    ]
    return kept, sum(len(family.samples) for family in families) - sum(len(family.samples) for family in kept)


def without_times(families: Sequence[MetricFamily]) -> Sequence[MetricFamily]:
    """Return the families with all samples of the time of the collection."""
    if all(sample.timestamp_ms is None for family in families for sample in family.samples):
        return families
    return [
        replace(family, samples=[sample._replace(timestamp_ms=None) for sample in family.samples])
        for family in families
    ]
