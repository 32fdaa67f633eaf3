"""The names of the node collectors, apart from the collectors so that the configuration can be checked against them."""

from __future__ import annotations

DEFAULT_ON = frozenset(
    {
        "arp",
        "bonding",
        "conntrack",
        "cpu",
        "cpufreq",
        "diskstats",
        "dmi",
        "edac",
        "entropy",
        "fibrechannel",
        "filefd",
        "filesystem",
        "infiniband",
        "kernel_hung",
        "loadavg",
        "meminfo",
        "netclass",
        "netdev",
        "netstat",
        "nvme",
        "os",
        "powersupplyclass",
        "pressure",
        "rapl",
        "schedstat",
        "selinux",
        "sockstat",
        "softnet",
        "stat",
        "tapestats",
        "thermal_zone",
        "time",
        "timex",
        "udp_queues",
        "uname",
        "vmstat",
        "watchdog",
    }
)
"""Those that run without being asked for."""

BY_SWITCH = frozenset(
    {
        "interrupts",
        "processes",
        "tcpstat",
    }
)
"""Those that run when ``[node.collectors]`` enables them."""
