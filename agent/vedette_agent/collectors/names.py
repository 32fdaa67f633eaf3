"""The names of the node collectors, apart from the collectors so that the configuration can be checked against them."""

from __future__ import annotations

DEFAULT_ON = frozenset(
    {
        "arp",
        "bcache",
        "bcachefs",
        "bonding",
        "btrfs",
        "conntrack",
        "cpu",
        "cpufreq",
        "diskstats",
        "dmi",
        "dmmultipath",
        "edac",
        "entropy",
        "fibrechannel",
        "filefd",
        "filesystem",
        "hwmon",
        "identity",
        "infiniband",
        "ipvs",
        "kernel_hung",
        "loadavg",
        "mdadm",
        "meminfo",
        "netclass",
        "netdev",
        "netstat",
        "nfs",
        "nfsd",
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
        "textfile",
        "thermal_zone",
        "time",
        "timex",
        "udp_queues",
        "uname",
        "vmstat",
        "watchdog",
        "xfs",
        "zfs",
    }
)
"""Those that run without being asked for."""

BY_SWITCH = frozenset(
    {
        "ethtool",
        "interrupts",
        "mountstats",
        "processes",
        "systemd",
        "tcpstat",
    }
)
"""Those that run when ``[node.collectors]`` enables them."""
