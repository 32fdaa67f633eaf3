"""The node collectors there are. A new one is a file of its own, a line here and a name in ``names``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from vedette_agent.collectors.cpu import CpuCollector
from vedette_agent.collectors.diskstats import DiskstatsCollector
from vedette_agent.collectors.filesystem import FilesystemCollector
from vedette_agent.collectors.interface import Collector
from vedette_agent.collectors.loadavg import LoadavgCollector
from vedette_agent.collectors.meminfo import MeminfoCollector
from vedette_agent.collectors.names import DEFAULT_ON
from vedette_agent.collectors.netdev import NetdevCollector
from vedette_agent.collectors.options import NodeOptions
from vedette_agent.collectors.stat import StatCollector
from vedette_agent.collectors.time import TimeCollector
from vedette_agent.collectors.uname import UnameCollector


class Registration(NamedTuple):
    """How a collector is made, and whether it runs without being asked for."""

    factory: Callable[[NodeOptions], Collector]
    default_on: bool


_FACTORIES: Mapping[str, Callable[[NodeOptions], Collector]] = {
    "cpu": CpuCollector,
    "diskstats": DiskstatsCollector,
    "filesystem": FilesystemCollector,
    "loadavg": LoadavgCollector,
    "meminfo": MeminfoCollector,
    "netdev": NetdevCollector,
    "stat": StatCollector,
    "time": TimeCollector,
    "uname": UnameCollector,
}

COLLECTORS: Mapping[str, Registration] = {
    name: Registration(factory, name in DEFAULT_ON) for name, factory in _FACTORIES.items()
}


def make_collectors(options: NodeOptions) -> list[Collector]:
    """Return the collectors that ``options`` ask for, in the order of ``COLLECTORS``."""
    switches = options.collectors
    return [
        registration.factory(options)
        for name, registration in COLLECTORS.items()
        if name not in switches.disable and (name in switches.enable or (registration.default_on and switches.defaults))
    ]
