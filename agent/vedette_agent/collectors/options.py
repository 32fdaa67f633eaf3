"""Options of the node collectors: the table ``[node]`` of the agent's configuration.

Patterns mean what node_exporter's flags of the same names mean, and have the same defaults. A pattern that includes
replaces the default of the one that excludes; both together are an error.
"""

from __future__ import annotations

import difflib
import re
from pathlib import Path
from typing import ClassVar

import msgspec

from vedette_agent.collectors.filters import NameFilter
from vedette_agent.collectors.interface import Roots
from vedette_agent.collectors.names import BY_SWITCH, DEFAULT_ON
from vedette_shared.config import Duration

IPVS_BACKEND_LABELS = ("local_address", "local_port", "remote_address", "remote_port", "proto", "local_mark")
"""What tells one backend of a virtual server from another."""


def _check_pattern(key: str, pattern: str) -> None:
    try:
        re.compile(pattern)
    except re.error as error:
        raise ValueError(f"{key} is not a regular expression: {error}") from error


class _Options(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Checks every key that holds a pattern."""

    patterns: ClassVar[tuple[str, ...]] = ()
    """Names of keys that hold a regular expression."""
    filters: ClassVar[tuple[str, ...]] = ()
    """Names ``x`` for which there is a pair of keys ``x_include`` and ``x_exclude``."""

    def __post_init__(self) -> None:
        pairs = [(f"{name}_include", f"{name}_exclude") for name in self.filters]
        for include, exclude in pairs:
            if getattr(self, include) and getattr(self, exclude) and not self._is_default(exclude):
                raise ValueError(f"{include} and {exclude} cannot both be given; keep one of them")
        for key in (*self.patterns, *(key for pair in pairs for key in pair)):
            _check_pattern(key, getattr(self, key))

    def filter(self, name: str) -> NameFilter:
        """Return the filter that the keys ``name_include`` and ``name_exclude`` make."""
        include = getattr(self, f"{name}_include")
        exclude = getattr(self, f"{name}_exclude")
        return NameFilter(include, "" if include and self._is_default(f"{name}_exclude") else exclude)

    def _is_default(self, key: str) -> bool:
        defaults = dict(zip(reversed(self.__struct_fields__), reversed(self.__struct_defaults__), strict=False))
        return bool(getattr(self, key) == defaults[key])


class ArpOptions(_Options, frozen=True, forbid_unknown_fields=True):
    """``[node.arp]``"""

    filters: ClassVar[tuple[str, ...]] = ("device",)

    device_include: str = ""
    device_exclude: str = ""
    netlink: bool = True


class BcacheOptions(_Options, frozen=True, forbid_unknown_fields=True):
    """``[node.bcache]``"""

    priority_stats: bool = False
    """Expensive: the kernel reads all buckets for it."""


class CpuOptions(_Options, frozen=True, forbid_unknown_fields=True):
    """``[node.cpu]``"""

    patterns: ClassVar[tuple[str, ...]] = ("flags_include", "bugs_include")

    guest: bool = True
    info: bool = False
    flags_include: str = ""
    bugs_include: str = ""


class DiskstatsOptions(_Options, frozen=True, forbid_unknown_fields=True):
    """``[node.diskstats]``"""

    filters: ClassVar[tuple[str, ...]] = ("device",)

    device_include: str = ""
    device_exclude: str = r"^(z?ram|loop|fd|(h|s|v|xv)d[a-z]|nvme\d+n\d+p)\d+$"


class EthtoolOptions(_Options, frozen=True, forbid_unknown_fields=True):
    """``[node.ethtool]``"""

    filters: ClassVar[tuple[str, ...]] = ("device",)
    patterns: ClassVar[tuple[str, ...]] = ("metrics_include",)

    device_include: str = ""
    device_exclude: str = ""
    metrics_include: str = ".*"


class FilesystemOptions(_Options, frozen=True, forbid_unknown_fields=True):
    """``[node.filesystem]``"""

    filters: ClassVar[tuple[str, ...]] = ("mount_points", "fs_types")

    mount_points_include: str = ""
    mount_points_exclude: str = (
        r"^/(dev|proc|run/credentials/.+|sys|var/lib/docker/.+|var/lib/containers/storage/.+)($|/)"
    )
    fs_types_include: str = ""
    fs_types_exclude: str = (
        r"^(autofs|binfmt_misc|bpf|cgroup2?|configfs|debugfs|devpts|devtmpfs|fusectl|hugetlbfs|iso9660|mqueue|nsfs"
        r"|overlay|proc|procfs|pstore|rpc_pipefs|securityfs|selinuxfs|squashfs|erofs|sysfs|tracefs)$"
    )
    mount_timeout: Duration = Duration(1_000)
    """How long all mounts together may take to answer. The ones that do not are marked, and let alone until they do."""
    stat_workers: int = 4
    """How many hung mounts may hold a thread each."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.mount_timeout <= 0 or self.stat_workers < 1:
            raise ValueError("mount_timeout must be above 0, and stat_workers at least 1")


class HwmonOptions(_Options, frozen=True, forbid_unknown_fields=True):
    """``[node.hwmon]``; a sensor is matched as ``chip;sensor``."""

    filters: ClassVar[tuple[str, ...]] = ("chip", "sensor")

    chip_include: str = ""
    chip_exclude: str = ""
    sensor_include: str = ""
    sensor_exclude: str = ""


class InterruptsOptions(_Options, frozen=True, forbid_unknown_fields=True):
    """``[node.interrupts]``; an interrupt is matched as ``type;info;devices``."""

    filters: ClassVar[tuple[str, ...]] = ("name",)

    name_include: str = ""
    name_exclude: str = ""
    include_zeros: bool = True


class IpvsOptions(_Options, frozen=True, forbid_unknown_fields=True):
    """``[node.ipvs]``"""

    backend_labels: tuple[str, ...] = IPVS_BACKEND_LABELS

    def __post_init__(self) -> None:
        for label in self.backend_labels:
            if label not in IPVS_BACKEND_LABELS:
                raise ValueError(f"backend_labels: {label} is none of {', '.join(IPVS_BACKEND_LABELS)}")


class NetclassOptions(_Options, frozen=True, forbid_unknown_fields=True):
    """``[node.netclass]``"""

    patterns: ClassVar[tuple[str, ...]] = ("ignored_devices",)

    ignored_devices: str = "^$"
    ignore_invalid_speed: bool = False
    """Whether a speed below 0, which means unknown, is left out."""
    netlink: bool = True
    """Whether to ask over netlink for what does not need a file each."""


class NetdevOptions(_Options, frozen=True, forbid_unknown_fields=True):
    """``[node.netdev]``"""

    filters: ClassVar[tuple[str, ...]] = ("device",)

    device_include: str = ""
    device_exclude: str = ""
    netlink: bool = True
    enable_detailed_metrics: bool = False


class NetstatOptions(_Options, frozen=True, forbid_unknown_fields=True):
    """``[node.netstat]``"""

    patterns: ClassVar[tuple[str, ...]] = ("fields",)

    fields: str = (
        r"^(.*_(InErrors|InErrs)|Ip_Forwarding|Ip(6|Ext)_(InOctets|OutOctets)|Icmp6?_(InMsgs|OutMsgs)"
        r"|TcpExt_(Listen.*|Syncookies.*|TCPSynRetrans|TCPTimeouts|TCPOFOQueue|TCPRcvQDrop)"
        r"|Tcp_(ActiveOpens|InSegs|OutSegs|OutRsts|PassiveOpens|RetransSegs|CurrEstab)"
        r"|Udp6?_(InDatagrams|OutDatagrams|NoPorts|RcvbufErrors|SndbufErrors))$"
    )


class PowersupplyOptions(_Options, frozen=True, forbid_unknown_fields=True):
    """``[node.powersupply]``"""

    patterns: ClassVar[tuple[str, ...]] = ("ignored_supplies",)

    ignored_supplies: str = "^$"


class RaplOptions(_Options, frozen=True, forbid_unknown_fields=True):
    """``[node.rapl]``"""

    enable_zone_label: bool = False


class StatOptions(_Options, frozen=True, forbid_unknown_fields=True):
    """``[node.stat]``"""

    softirq: bool = False


class SystemdOptions(_Options, frozen=True, forbid_unknown_fields=True):
    """``[node.systemd]``; both patterns hold, and match whole names of units."""

    patterns: ClassVar[tuple[str, ...]] = ("unit_include", "unit_exclude")

    unit_include: str = ".+"
    unit_exclude: str = r".+\.(automount|device|mount|scope|slice)"
    enable_restarts_metrics: bool = False
    enable_start_time_metrics: bool = False
    enable_task_metrics: bool = False


class TapestatsOptions(_Options, frozen=True, forbid_unknown_fields=True):
    """``[node.tapestats]``"""

    patterns: ClassVar[tuple[str, ...]] = ("ignored_devices",)

    ignored_devices: str = "^$"


class TextfileOptions(_Options, frozen=True, forbid_unknown_fields=True):
    """``[node.textfile]``"""

    directories: tuple[Path, ...] = ()


class VmstatOptions(_Options, frozen=True, forbid_unknown_fields=True):
    """``[node.vmstat]``"""

    patterns: ClassVar[tuple[str, ...]] = ("fields",)

    fields: str = "^(oom_kill|pgpg|pswp|pg.*fault).*"


class CollectorSwitches(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``[node.collectors]``: which collectors run beside, or instead of, the default ones."""

    enable: tuple[str, ...] = ()
    disable: tuple[str, ...] = ()
    defaults: bool = True
    """Whether the default ones run at all; ``false`` leaves those of ``enable`` alone."""

    def __post_init__(self) -> None:
        known = DEFAULT_ON | BY_SWITCH
        for name in (*self.enable, *self.disable):
            if name not in known:
                near = difflib.get_close_matches(name, known, 1)
                hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(sorted(known))}"
                raise ValueError(f"there is no collector {name}; {hint}")


class NodeOptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``[node]``"""

    roots: Roots = Roots()
    collectors: CollectorSwitches = CollectorSwitches()
    arp: ArpOptions = ArpOptions()
    bcache: BcacheOptions = BcacheOptions()
    cpu: CpuOptions = CpuOptions()
    diskstats: DiskstatsOptions = DiskstatsOptions()
    ethtool: EthtoolOptions = EthtoolOptions()
    filesystem: FilesystemOptions = FilesystemOptions()
    hwmon: HwmonOptions = HwmonOptions()
    interrupts: InterruptsOptions = InterruptsOptions()
    ipvs: IpvsOptions = IpvsOptions()
    netclass: NetclassOptions = NetclassOptions()
    netdev: NetdevOptions = NetdevOptions()
    netstat: NetstatOptions = NetstatOptions()
    powersupply: PowersupplyOptions = PowersupplyOptions()
    rapl: RaplOptions = RaplOptions()
    stat: StatOptions = StatOptions()
    systemd: SystemdOptions = SystemdOptions()
    tapestats: TapestatsOptions = TapestatsOptions()
    textfile: TextfileOptions = TextfileOptions()
    vmstat: VmstatOptions = VmstatOptions()

    def proc(self, path: str) -> str:
        """Return where the file ``path`` of /proc is."""
        return f"{self.roots.proc}/{path}"

    def sys(self, path: str) -> str:
        """Return where the file ``path`` of /sys is."""
        return f"{self.roots.sys}/{path}"

    def udev(self, path: str) -> str:
        """Return where the file ``path`` of udev's data base is."""
        return f"{self.roots.udev}/{path}"

    def rootfs(self, path: str) -> str:
        """Return where the host's file ``path``, without a slash before it, is."""
        return f"{str(self.roots.rootfs).rstrip('/')}/{path}"
