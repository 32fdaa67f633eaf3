"""What a collector is: a name, and a blocking function that yields metric families."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Protocol

import msgspec

from vedette_shared.metrics import MetricFamily


class Roots(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where the kernel's file systems are mounted; tests and containers put them elsewhere."""

    proc: Path = Path("/proc")
    sys: Path = Path("/sys")
    udev: Path = Path("/run/udev/data")
    rootfs: Path = Path("/")


class Collector(Protocol):
    """One collector, made once and then asked again and again, never by two threads at a time."""

    name: str
    """As ``node_scrape_collector_success{collector=…}`` shows it."""

    def collect(self) -> Iterable[MetricFamily]:
        """Return what there is now. Runs in a worker thread, under a deadline that its caller keeps.

        Raises:
            NoDataError: the host has nothing of the kind.
            CollectorError, OSError, ValueError: it could not be read or understood.
        """
        ...
