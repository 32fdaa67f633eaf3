"""The agent's own metrics, ``vedette_agent_…``: a source like any other."""

from __future__ import annotations

import os
import resource
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from vedette_agent.expose.page import SourceStatus
from vedette_agent.push.pusher import Pusher
from vedette_agent.sources.interface import PlainSource
from vedette_agent.sources.timing import rounded
from vedette_agent.spool import Spool
from vedette_shared import __version__
from vedette_shared.labels import make_labels
from vedette_shared.metrics import MetricFamily, counter, gauge

PREFIX = "vedette_agent"
SELF = "agent"

_STATM = Path("/proc/self/statm")
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


class SelfSource(PlainSource):
    """What the agent says of itself."""

    name = SELF
    job = "node"
    timeout = 1.0
    reports_up = False

    def __init__(self, interval_ms: int, families: Callable[[], list[MetricFamily]]) -> None:
        super().__init__()
        self.interval_ms = interval_ms
        self._families = families

    async def collect(self) -> Sequence[MetricFamily]:
        self._last = [_info(), *_process(), *self._families()]
        return self._last


def source_families(statuses: Iterable[SourceStatus]) -> list[MetricFamily]:
    """How each source is."""
    up = gauge(f"{PREFIX}_source_up", "Whether the last collection of a source succeeded.")
    age = gauge(f"{PREFIX}_source_age_seconds", "Since the last collection of a source began.")
    duration = gauge(f"{PREFIX}_source_duration_seconds", "How long the last collection of a source took.")
    series = gauge(f"{PREFIX}_source_series", "Series of the last collection of a source.")
    failures = counter(f"{PREFIX}_source_failures_total", "Collections of a source that failed.")
    limited = counter(f"{PREFIX}_source_limited_total", "How often a source hit one of its limits.")
    for status in statuses:
        labels = make_labels(source=status.name)
        failures.add(float(status.failures), labels)
        for limit, count in status.limited.items():
            limited.add(float(count), make_labels(source=status.name, limit=limit))
        if status.age is not None:
            up.add(0.0 if status.error else 1.0, labels)
            age.add(rounded(status.age), labels)
            duration.add(rounded(status.duration), labels)
            series.add(float(status.series), labels)
    return [up, age, duration, series, failures, limited]


def push_families(spool: Spool, pushers: Iterable[Pusher]) -> list[MetricFamily]:
    """How pushing goes, and what the spool holds."""
    messages = counter(f"{PREFIX}_push_messages_total", "Messages sent, by what became of them.")
    frames = counter(f"{PREFIX}_push_frames_total", "Frames that a server has acknowledged.")
    events = counter(f"{PREFIX}_push_events_total", "Events that a server has acknowledged.")
    samples = counter(f"{PREFIX}_push_samples_total", "Samples that a server has acknowledged.")
    body = counter(f"{PREFIX}_push_body_bytes_total", "Bytes of the messages that were acknowledged, compressed.")
    success = gauge(f"{PREFIX}_push_last_success_timestamp_seconds", "When a server last acknowledged; 0 for never.")
    waiting = gauge(f"{PREFIX}_spool_waiting_frames", "Frames that a server has not acknowledged yet.")
    for pusher in pushers:
        labels = make_labels(server=pusher.server)
        counters = pusher.counters
        for result, count in counters.messages.items():
            messages.add(float(count), make_labels(server=pusher.server, result=result))
        frames.add(float(counters.frames), labels)
        events.add(float(counters.events), labels)
        samples.add(float(counters.samples), labels)
        body.add(float(counters.body_bytes), labels)
        success.add(counters.last_success_ms / 1000, labels)
        waiting.add(float(spool.waiting(pusher.server)), labels)
    dropped = counter(f"{PREFIX}_spool_dropped_frames_total", "Frames that were lost before a server had them.")
    for reason, count in spool.stats.dropped_frames.items():
        dropped.add(float(count), make_labels(reason=reason))
    dropped_events = counter(f"{PREFIX}_spool_dropped_events_total", "Events that were lost before a server had them.")
    for reason, count in spool.stats.dropped_events.items():
        dropped_events.add(float(count), make_labels(reason=reason))
    errors = counter(f"{PREFIX}_spool_write_errors_total", "Writes to the spool that failed.")
    errors.add(float(spool.stats.write_errors))
    size = gauge(f"{PREFIX}_spool_bytes", "Bytes of the spool on disk.", float(spool.size))
    return [messages, frames, events, samples, body, success, waiting, dropped, dropped_events, errors, size]


def _info() -> MetricFamily:
    info = gauge(f"{PREFIX}_build_info", "The agent's version.")
    info.add(1.0, make_labels(version=__version__))
    return info


def _process() -> list[MetricFamily]:
    own = resource.getrusage(resource.RUSAGE_SELF)
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = counter(f"{PREFIX}_cpu_seconds_total", "CPU time of the agent and of the scripts that it has run.")
    cpu.add(rounded(own.ru_utime + own.ru_stime), make_labels(of="agent"))
    cpu.add(rounded(children.ru_utime + children.ru_stime), make_labels(of="children"))
    pages = int(_STATM.read_text("ascii").split()[1])
    return [cpu, gauge(f"{PREFIX}_resident_bytes", "Memory that the agent holds.", float(pages * _PAGE_BYTES))]
