"""The names of the node collectors, apart from the collectors so that the configuration can be checked against them."""

from __future__ import annotations

DEFAULT_ON = frozenset({"cpu", "diskstats", "filesystem", "loadavg", "meminfo", "netdev", "stat", "time", "uname"})
"""Those that run without being asked for."""

BY_SWITCH: frozenset[str] = frozenset()
"""Those that run when ``[node.collectors]`` enables them."""
