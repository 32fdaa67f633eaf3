"""What of the page of node_exporter's end-to-end test Vedette is held to, and what not."""

from __future__ import annotations

OTHER_COLLECTORS = {
    "buddyinfo": ("node_buddyinfo_",),
    "cgroups": ("node_cgroups_",),
    "cpu_vulnerabilities": ("node_cpu_vulnerabilities_",),
    "drbd": ("node_drbd_",),
    "ksmd": ("node_ksmd_",),
    "lnstat": ("node_lnstat_",),
    "meminfo_numa": ("node_memory_numa_",),
    "pcidevice": ("node_pcidevice_",),
    "qdisc": ("node_qdisc_",),
    "slabinfo": ("node_slabinfo_",),
    "softirqs": ("node_softirqs_functions_",),
    "sysctl": ("node_sysctl_",),
    "wifi": ("node_wifi_",),
    "xfrm": ("node_xfrm_",),
    "zoneinfo": ("node_zoneinfo_",),
}
"""Collectors that run in that test, but are off by default and not part of Vedette, with how their families start."""

NOT_OF_A_COLLECTOR = (
    "go_",
    "process_",
    "promhttp_",
    "node_exporter_build_info",
    "node_scrape_collector_",
)
"""What node_exporter tells of itself; the last of these the agent's runtime adds to what the collectors yield."""

VOLATILE = frozenset(
    {
        "node_network_receive_bytes_total",
        "node_network_receive_packets_total",
        "node_network_transmit_bytes_total",
        "node_network_transmit_packets_total",
        "node_textfile_mtime_seconds",
        "node_time_seconds",
        "node_time_zone_offset_seconds",
    }
)
"""Families whose series the page leaves out, as their values differ from run to run; name, type and help text hold."""

NOT_COVERED: dict[str, str] = {}
"""Families that differ from the page, each with its reason. One that does not differ is an error."""
