"""The node collectors there are. A new one is a file of its own, a line here and a name in ``names``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from vedette_agent.collectors.arp import ArpCollector
from vedette_agent.collectors.bcache import BcacheCollector
from vedette_agent.collectors.bcachefs import BcachefsCollector
from vedette_agent.collectors.bonding import BondingCollector
from vedette_agent.collectors.btrfs import BtrfsCollector
from vedette_agent.collectors.conntrack import ConntrackCollector
from vedette_agent.collectors.cpu import CpuCollector
from vedette_agent.collectors.cpufreq import CpufreqCollector
from vedette_agent.collectors.diskstats import DiskstatsCollector
from vedette_agent.collectors.dmi import DmiCollector
from vedette_agent.collectors.dmmultipath import DmmultipathCollector
from vedette_agent.collectors.edac import EdacCollector
from vedette_agent.collectors.entropy import EntropyCollector
from vedette_agent.collectors.ethtool import EthtoolCollector
from vedette_agent.collectors.fibrechannel import FibrechannelCollector
from vedette_agent.collectors.filefd import FilefdCollector
from vedette_agent.collectors.filesystem import FilesystemCollector
from vedette_agent.collectors.hwmon import HwmonCollector
from vedette_agent.collectors.identity import IdentityCollector
from vedette_agent.collectors.infiniband import InfinibandCollector
from vedette_agent.collectors.interface import Collector
from vedette_agent.collectors.interrupts import InterruptsCollector
from vedette_agent.collectors.ipvs import IpvsCollector
from vedette_agent.collectors.kernel_hung import KernelHungCollector
from vedette_agent.collectors.loadavg import LoadavgCollector
from vedette_agent.collectors.mdadm import MdadmCollector
from vedette_agent.collectors.meminfo import MeminfoCollector
from vedette_agent.collectors.mountstats import MountstatsCollector
from vedette_agent.collectors.names import DEFAULT_ON
from vedette_agent.collectors.netclass import NetclassCollector
from vedette_agent.collectors.netdev import NetdevCollector
from vedette_agent.collectors.netstat import NetstatCollector
from vedette_agent.collectors.nfs import NfsCollector
from vedette_agent.collectors.nfsd import NfsdCollector
from vedette_agent.collectors.nvme import NvmeCollector
from vedette_agent.collectors.options import NodeOptions
from vedette_agent.collectors.os_release import OsCollector
from vedette_agent.collectors.powersupply import PowersupplyclassCollector
from vedette_agent.collectors.pressure import PressureCollector
from vedette_agent.collectors.processes import ProcessesCollector
from vedette_agent.collectors.rapl import RaplCollector
from vedette_agent.collectors.schedstat import SchedstatCollector
from vedette_agent.collectors.selinux import SelinuxCollector
from vedette_agent.collectors.sockstat import SockstatCollector
from vedette_agent.collectors.softnet import SoftnetCollector
from vedette_agent.collectors.stat import StatCollector
from vedette_agent.collectors.systemd import SystemdCollector
from vedette_agent.collectors.tapestats import TapestatsCollector
from vedette_agent.collectors.tcpstat import TcpstatCollector
from vedette_agent.collectors.textfile import TextfileCollector
from vedette_agent.collectors.thermal_zone import ThermalZoneCollector
from vedette_agent.collectors.time import TimeCollector
from vedette_agent.collectors.timex import TimexCollector
from vedette_agent.collectors.udp_queues import UdpQueuesCollector
from vedette_agent.collectors.uname import UnameCollector
from vedette_agent.collectors.vmstat import VmstatCollector
from vedette_agent.collectors.watchdog import WatchdogCollector
from vedette_agent.collectors.xfs import XfsCollector
from vedette_agent.collectors.zfs import ZfsCollector


class Registration(NamedTuple):
    """How a collector is made, and whether it runs without being asked for."""

    factory: Callable[[NodeOptions], Collector]
    default_on: bool


_FACTORIES: Mapping[str, Callable[[NodeOptions], Collector]] = {
    "arp": ArpCollector,
    "bcache": BcacheCollector,
    "bcachefs": BcachefsCollector,
    "bonding": BondingCollector,
    "btrfs": BtrfsCollector,
    "conntrack": ConntrackCollector,
    "cpu": CpuCollector,
    "cpufreq": CpufreqCollector,
    "diskstats": DiskstatsCollector,
    "dmi": DmiCollector,
    "dmmultipath": DmmultipathCollector,
    "edac": EdacCollector,
    "entropy": EntropyCollector,
    "ethtool": EthtoolCollector,
    "fibrechannel": FibrechannelCollector,
    "filefd": FilefdCollector,
    "filesystem": FilesystemCollector,
    "hwmon": HwmonCollector,
    "identity": IdentityCollector,
    "infiniband": InfinibandCollector,
    "interrupts": InterruptsCollector,
    "ipvs": IpvsCollector,
    "kernel_hung": KernelHungCollector,
    "loadavg": LoadavgCollector,
    "mdadm": MdadmCollector,
    "meminfo": MeminfoCollector,
    "mountstats": MountstatsCollector,
    "netclass": NetclassCollector,
    "netdev": NetdevCollector,
    "netstat": NetstatCollector,
    "nfs": NfsCollector,
    "nfsd": NfsdCollector,
    "nvme": NvmeCollector,
    "os": OsCollector,
    "powersupplyclass": PowersupplyclassCollector,
    "pressure": PressureCollector,
    "processes": ProcessesCollector,
    "rapl": RaplCollector,
    "schedstat": SchedstatCollector,
    "selinux": SelinuxCollector,
    "sockstat": SockstatCollector,
    "softnet": SoftnetCollector,
    "stat": StatCollector,
    "systemd": SystemdCollector,
    "tapestats": TapestatsCollector,
    "tcpstat": TcpstatCollector,
    "textfile": TextfileCollector,
    "thermal_zone": ThermalZoneCollector,
    "time": TimeCollector,
    "timex": TimexCollector,
    "udp_queues": UdpQueuesCollector,
    "uname": UnameCollector,
    "vmstat": VmstatCollector,
    "watchdog": WatchdogCollector,
    "xfs": XfsCollector,
    "zfs": ZfsCollector,
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
