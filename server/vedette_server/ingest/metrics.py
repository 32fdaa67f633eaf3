"""The ingest port's own metrics."""

from __future__ import annotations

from collections.abc import Iterator

from vedette_server.ingest.receiver import IngestCounters
from vedette_shared.labels import make_labels
from vedette_shared.metrics import MetricFamily, counter

_PREFIX = "vedette_ingest"


def ingest_families(counters: IngestCounters) -> Iterator[MetricFamily]:
    """Yield what was pushed to this server since it started."""
    yield counter(f"{_PREFIX}_messages_total", "Messages stored.", counters.messages)
    yield counter(f"{_PREFIX}_frames_total", "Frames stored.", counters.frames)
    samples = counter(f"{_PREFIX}_samples_total", "Samples of pushed frames, by what became of them.")
    for outcome, count in (
        ("stored", counters.samples),
        ("repeated", counters.repeated_samples),
        ("refused", counters.refused_samples),
        ("too_old", counters.too_old_samples),
    ):
        samples.add(count, make_labels(outcome=outcome))
    yield samples
    events = counter(f"{_PREFIX}_events_total", "Events of pushed frames, by what became of them.")
    events.add(counters.events, make_labels(outcome="stored"))
    events.add(counters.repeated_events, make_labels(outcome="repeated"))
    yield events
    errors = counter(f"{_PREFIX}_errors_total", "Messages not stored, by reason; the agent sends them again.")
    for reason, count in sorted(counters.errors.items()):
        errors.add(count, make_labels(reason=reason))
    yield errors
