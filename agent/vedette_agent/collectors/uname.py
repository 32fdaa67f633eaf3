"""The kernel's name and version: uname(2)."""

from __future__ import annotations

import os

from vedette_agent.collectors.families import GAUGE, Metric
from vedette_agent.collectors.options import NodeOptions
from vedette_agent.collectors.reading import read_attribute
from vedette_shared.labels import make_labels
from vedette_shared.metrics import MetricFamily

_INFO = Metric("node_uname_info", GAUGE, "Labeled system information as provided by the uname system call.")


class UnameCollector:
    """One series that bears it all as labels."""

    name = "uname"

    def __init__(self, options: NodeOptions) -> None:
        self._domain_path = options.proc("sys/kernel/domainname")

    def collect(self) -> list[MetricFamily]:
        system = os.uname()
        family = _INFO.family()
        family.add(
            1.0,
            make_labels(
                sysname=system.sysname,
                release=system.release,
                version=system.version,
                machine=system.machine,
                nodename=system.nodename,
                domainname=read_attribute(self._domain_path) or "(none)",
            ),
        )
        return [family]
