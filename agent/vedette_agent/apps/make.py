"""The sources of the applications that a configuration names."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from vedette_agent.apps.config import AppsConfig, TargetConfig
from vedette_agent.apps.fetch import make_fetcher
from vedette_agent.apps.source import AppSource
from vedette_shared.clock import Clock


def plan_apps(
    config: AppsConfig,
    clock: Clock,
    *,
    interval_ms: int,
    timeout: float,
    host: str,
    labels: Mapping[str, str],
    most_bytes: int,
) -> list[tuple[str, object, Callable[[], AppSource]]]:
    """Return for each target its source's name, what decides whether it is the same, and how it is made.

    Args:
        config: The targets.
        clock: Tells which times that a page states are in the future.
        interval_ms, timeout: For targets that say none, in ms and seconds.
        host, labels: Of this host.
        most_bytes: That a page may have.
    """

    def make(target: TargetConfig) -> AppSource:
        return AppSource(
            target,
            make_fetcher(target, most_bytes),
            interval_ms=target.interval or interval_ms,
            timeout=target.timeout.seconds or timeout,
            host=host,
            labels=labels,
            clock=clock,
        )

    common = (interval_ms, timeout, host, dict(labels), most_bytes)
    return [
        (target.name, (target, common, _authorities(target.ca_file)), partial(make, target)) for target in config.target
    ]


def _authorities(ca_file: Path | None) -> bytes:
    """What is trusted is read when a source is made, so another file's contents ask for another source."""
    try:
        return ca_file.read_bytes() if ca_file is not None else b""
    except OSError:
        return b""  # making the source says so
