"""The agent's own metrics, ``vedette_agent_…``: a source like any other."""

from __future__ import annotations

import resource
from collections.abc import Callable, Sequence

from vedette_agent.push.pusher import Pusher
from vedette_agent.spool import Spool
from vedette_shared import __version__
from vedette_shared.labels import make_labels
from vedette_shared.metrics import MetricFamily, counter, gauge

PREFIX = "vedette_agent"


class SelfSource:
    """What the agent says of itself."""

    name = "agent"
    job = "node"
    timeout = 1.0
    on_demand = True
    reports_up = False

    def __init__(self, interval_ms: int, families: Callable[[], list[MetricFamily]]) -> None:
        self.interval_ms = interval_ms
        self._families = families

    async def collect(self) -> Sequence[MetricFamily]:
        return [_info(), *_process(), *self._families()]

    def close(self) -> None:
        pass


def push_families(spool: Spool, pushers: Sequence[Pusher]) -> list[MetricFamily]:
    """How pushing goes, and what the spool holds."""
    messages = counter(f"{PREFIX}_push_messages_total", "Messages sent, by what became of them.")
    frames = counter(f"{PREFIX}_push_frames_total", "Frames that a server has acknowledged.")
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
        samples.add(float(counters.samples), labels)
        body.add(float(counters.body_bytes), labels)
        success.add(counters.last_success_ms / 1000, labels)
        waiting.add(float(spool.waiting(pusher.server)), labels)
    dropped = counter(f"{PREFIX}_spool_dropped_frames_total", "Frames that were lost before a server had them.")
    for reason, count in spool.stats.dropped_frames.items():
        dropped.add(float(count), make_labels(reason=reason))
    return [
        messages,
        frames,
        samples,
        body,
        success,
        waiting,
        dropped,
        gauge(f"{PREFIX}_spool_bytes", "Bytes of the spool on disk.", float(spool.size)),
        counter(
            f"{PREFIX}_spool_write_errors_total", "Writes to the spool that failed.", float(spool.stats.write_errors)
        ),
    ]


def _info() -> MetricFamily:
    info = gauge(f"{PREFIX}_build_info", "The agent's version.")
    info.add(1.0, make_labels(version=__version__))
    return info


def _process() -> list[MetricFamily]:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return [
        counter(f"{PREFIX}_cpu_seconds_total", "CPU time that the agent has used.", usage.ru_utime + usage.ru_stime),
        gauge(f"{PREFIX}_max_resident_bytes", "The most memory that the agent has held.", usage.ru_maxrss * 1024.0),
    ]
