"""What the parsers make of protocols, schedulers, arrays and file systems."""

from __future__ import annotations

import re

import pytest

from vedette_agent.collectors import timex
from vedette_agent.collectors.arp import parse_arp
from vedette_agent.collectors.bcache import parse_fields
from vedette_agent.collectors.bcache import parse_size as parse_bcache_size
from vedette_agent.collectors.bcachefs import parse_io_done, parse_io_errors, parse_table
from vedette_agent.collectors.bcachefs import parse_size as parse_bcachefs_size
from vedette_agent.collectors.btrfs import allocation_ratio
from vedette_agent.collectors.conntrack import parse_conntrack
from vedette_agent.collectors.cpuinfo import Processor, parse_cpuinfo
from vedette_agent.collectors.edac import readable_label
from vedette_agent.collectors.hwmon import SensorFile, clean_name, parse_file_name
from vedette_agent.collectors.interrupts import Interrupt, parse_interrupts
from vedette_agent.collectors.ipvs import Backend, parse_backends, parse_totals
from vedette_agent.collectors.mdadm import Array, parse_mdstat
from vedette_agent.collectors.mountstats import NfsMount, parse_mountstats
from vedette_agent.collectors.netstat import Row, parse_rows, parse_snmp6
from vedette_agent.collectors.options import NodeOptions
from vedette_agent.collectors.os_release import parse_os_release
from vedette_agent.collectors.pressure import parse_pressure
from vedette_agent.collectors.processes import parse_stat
from vedette_agent.collectors.rapl import split_name
from vedette_agent.collectors.rpc_statistics import parse_rpc
from vedette_agent.collectors.schedstat import parse_schedstat
from vedette_agent.collectors.selinux import parse_config_mode
from vedette_agent.collectors.sockstat import parse_sockstat
from vedette_agent.collectors.softnet import parse_softnet
from vedette_agent.collectors.tcpstat import parse_tcp
from vedette_agent.collectors.udp_queues import parse_queues
from vedette_agent.collectors.xfs import parse_xfs
from vedette_agent.collectors.zfs import parse_io, parse_kstat


def test_arp_counts_entries_by_device() -> None:
    text = (
        "IP address HW type Flags HW address Mask Device\n"
        "192.168.1.1 0x1 0x2 cc:aa:dd:ee:aa:bb * eth0\n"
        "192.168.1.2 0x1 0x2 bb:cc:dd:ee:ff:aa * eth0\n"
        "10.0.0.1 0x1 0x2 bb:cc:dd:ee:ff:aa * eth1\n"
    )
    assert parse_arp(text) == {"eth0": 2, "eth1": 1}


def test_conntrack_sums_hexadecimal_columns_over_processors() -> None:
    assert parse_conntrack("entries found drop\n00000021 0000000a 00000000\n00000021 00000001 00000002\n") == {
        "entries": 66,
        "found": 11,
        "drop": 2,
    }


def test_netstat_pairs_names_and_values() -> None:
    text = "Ip: Forwarding DefaultTTL\nIp: 1 64\nTcp: RtoMin\nTcp: 200\n"
    assert parse_rows(text) == [Row("Ip: Forwarding DefaultTTL", "Ip: 1 64"), Row("Tcp: RtoMin", "Tcp: 200")]


@pytest.mark.parametrize("text", ["Ip: Forwarding\nTcp: 1\n", "Ip: Forwarding\n"], ids=["mixed up", "cut short"])
def test_broken_netstat_is_an_error(text: str) -> None:
    with pytest.raises(ValueError, match=r"do not belong together|zip"):
        parse_rows(text)


def test_snmp6_splits_protocol_and_counter() -> None:
    text = "Ip6InReceives   \t7\nIcmp6InErrors 2\nUdpLite6InErrors 3\nIp6InNoECTPkts 0\nOther 5\n"
    assert parse_snmp6(text) == [
        ("Ip6", "InReceives", "7"),
        ("Icmp6", "InErrors", "2"),
        ("UdpLite6", "InErrors", "3"),
        ("Ip6", "InNoECTPkts", "0"),
    ]


def test_sockstat() -> None:
    assert parse_sockstat("sockets: used 229\nTCP: inuse 4 mem 1\n") == [
        ("sockets", "used", 229),
        ("TCP", "inuse", 4),
        ("TCP", "mem", 1),
    ]


def test_softnet_numbers_processors_itself_where_an_old_kernel_does_not() -> None:
    old = "00049279 00000001 00000002 0 0 0 0 0 3 4\n000dfb82 0 0 0 0 0 0 0 0 0\n"
    assert parse_softnet(old) == [
        ("0", [299641, 1, 2, 0, 0, 0, 0, 0, 3, 4, 0, 0]),
        ("1", [916354, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]),
    ]
    new = "00049279 1 2 0 0 0 0 0 3 4 5 6 00000007 0 0\n"
    assert parse_softnet(new) == [("7", [299641, 1, 2, 0, 0, 0, 0, 0, 3, 4, 5, 6, 7, 0, 0])]


def test_pressure_is_in_microseconds() -> None:
    text = "some avg10=0.00 avg60=0.00 avg300=0.00 total=14036781\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=7\n"
    assert parse_pressure(text) == {"some": 14036781, "full": 7}


def test_schedstat_has_three_columns_at_the_end() -> None:
    text = "version 15\ntimestamp 1\ncpu0 1 0 3 4 5 6 700 800 9\ndomain0 03 1 2\ncpu1 1 0 3 4 5 6 7 8 9\n"
    assert parse_schedstat(text) == [("0", 700, 800, 9), ("1", 7, 8, 9)]


def test_udp_queues_are_summed() -> None:
    row = b" 0: 00000000:0016 00000000:0000 07 %b 00:00000000 0 0 0 1 2 3 0\n"
    content = b"head\n" + row % b"00000015:00000001" + row % b"00000000:00000000" + row % b"00000001:000000FF"
    assert parse_queues(content) == (22, 256)


def test_tcp_counts_states_and_queued_bytes() -> None:
    row = b" 0: 0100007F:0016 00000000:0000 %b %b 00:00000000 0 0 0 1\n"
    content = (
        b"head\n"
        + row % (b"0A", b"00000000:00000000")
        + row % (b"01", b"00000010:00000002")
        + row % (b"0C", b"00000000:00000000")
    )
    assert parse_tcp(content) == {
        "tx_queued_bytes": 16,
        "rx_queued_bytes": 2,
        "listen": 1,
        "established": 1,
        "syn_recv": 1,
    }


def test_a_process_may_be_called_anything() -> None:
    line = b"17 (a) (b S) D 2 0 0 0 -1 0 0 0 0 0 0 14 0 0 20 0 3 0 24\n"
    assert parse_stat(line) == ("D", 3)


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("ID=ubuntu", "ubuntu"),
        ('ID="Red \\"Hat\\" \\$1"', 'Red "Hat" $1'),
        ("ID='a b'", "a b"),
        ('ID=""', ""),
        ("  ID=x", "x"),
    ],
)
def test_os_release(line: str, value: str) -> None:
    assert parse_os_release(f"# ID=comment\n\n{line}\n") == {"id": value}


@pytest.mark.parametrize(
    ("text", "mode"),
    [("# SELINUX=x\nSELINUX=enforcing\n", 1), ("SELINUX = permissive", 0), ("", -1), ("SELINUX=?", -1)],
)
def test_selinux_modes(text: str, mode: float) -> None:
    assert parse_config_mode(text) == mode


def test_interrupts() -> None:
    text = (
        "           CPU0       CPU2\n"
        "  0:         18          0  IR-IO-APIC   2-edge      timer, mmc0\n"
        "NMI:         47       5031   Non-maskable interrupts\n"
        "ERR:          0\n"
        " 99:          1          2  GICv3\n"
    )
    assert parse_interrupts(text) == (
        ["0", "2"],
        [
            Interrupt("0", "IR-IO-APIC", "2-edge timer, mmc0", ["18", "0"]),
            Interrupt("NMI", "Non-maskable interrupts", "", ["47", "5031"]),
            Interrupt("99", "GICv3", "", ["1", "2"]),
        ],
    )


def test_cpuinfo_of_two_architectures() -> None:
    x86 = (
        "processor\t: 0\nvendor_id\t: AuthenticAMD\ncpu family\t: 25\nmodel\t\t: 1\nmodel name\t: EPYC\n"
        "stepping\t: 1\nmicrocode\t: 0xa0\ncpu MHz\t\t: 2445.4\ncache size\t: 512 KB\nphysical id\t: 0\n"
        "core id\t\t: 3\nflags\t\t: fpu aes\nbugs\t\t: spectre_v1\n"
    )
    arm = "processor\t: 0\nFeatures\t: fp asimd\nCPU part\t: 0xd0c\n\nHardware\t: board\n"
    assert parse_cpuinfo(x86 + "\n") == [
        Processor(
            number="0",
            vendor="AuthenticAMD",
            family="25",
            model="1",
            model_name="EPYC",
            stepping="1",
            microcode="0xa0",
            megahertz=2445.4,
            cache_size="512 KB",
            package="0",
            core="3",
            flags=("fpu", "aes"),
            bugs=("spectre_v1",),
        )
    ]
    assert [(p.number, p.flags, p.megahertz) for p in parse_cpuinfo(arm)] == [("0", ("fp", "asimd"), 0.0)]


def test_timex_has_no_clock_of_its_own() -> None:
    fields = [0, 11, 12, 13, 14, 15, 16, 90, 91, 92, 93, *range(17, 27), *[0] * 11]
    assert timex.parse_timex(5, timex._LAYOUT.pack(*fields)) == timex.Timex(5, *range(11, 27))


@pytest.mark.parametrize(
    ("name", "parsed"),
    [
        ("temp1_input", SensorFile("temp", "1", "input")),
        ("pwm1_auto_point2_temp", SensorFile("pwm", "1", "auto_point2_temp")),
        ("fan12", SensorFile("fan", "12", "")),
        ("beep_enable", SensorFile("beep_enable", "0", "")),
        ("update_interval", SensorFile("update_interval", "0", "")),
        ("bogus1_input", None),
        ("uevent", None),
        ("temp1", SensorFile("temp", "1", "")),
    ],
)
def test_names_of_sensor_files(name: str, parsed: SensorFile | None) -> None:
    assert parse_file_name(name) == parsed


def test_names_are_cleaned() -> None:
    assert [clean_name(name) for name in ("coretemp.0\n", "Left side", "18000000.wifi")] == [
        "coretemp_0",
        "left_side",
        "18000000_wifi",
    ]


MDSTAT = """Personalities : [raid1] [raid0]
md0 : active raid1 sdi1[0] sdj1[1](F) sdk1[2](S)
      248896 blocks super 1.2 [2/1] [U_]
      {activity}

md12 : active (auto-read-only) raid0 sdc2[0] sdd2[1]
      3886394368 blocks super 1.2 512k chunks

md219 : inactive sdb[2](S) sda[0](S)
        7932 blocks super external:imsm

unused devices: <none>
"""


@pytest.mark.parametrize(
    ("activity", "state", "synced"),
    [
        ("bitmap: 0/30 pages [0KB], 65536KB chunk", "active", 248896),
        ("[=>...]  recovery =  8.5% (16775/248896) finish=17.0min speed=259783K/sec", "recovering", 16775),
        ("[=>...]  resync = 12.0% (16775/248896) finish=17.0min speed=259783K/sec", "resync", 16775),
        ("[=>...]  check =  5.7% (114/248896) finish=0.2min speed=114176K/sec", "check", 114),
        ("resync=PENDING", "resync", 0),
        ("recovery=DELAYED", "recovering", 0),
    ],
)
def test_mdstat(activity: str, state: str, synced: int) -> None:
    assert parse_mdstat(MDSTAT.format(activity=activity)) == [
        Array("md0", state, 1, 2, 1, 1, 248896, synced),
        Array("md12", "active", 2, 2, 0, 0, 3886394368, 3886394368),
        Array("md219", "inactive", 0, 0, 0, 2, 7932, 7932),
    ]


def test_an_array_without_blocks_is_an_error() -> None:
    with pytest.raises(ValueError, match="md0 has no count of blocks"):
        parse_mdstat("md0 : active raid1 sdi1[0]\n\n")


@pytest.mark.parametrize(
    ("mode", "devices", "ratio"),
    [
        ("single", 1, 1.0),
        ("raid0", 3, 1.0),
        ("raid1", 2, 2.0),
        ("raid1c3", 3, 3.0),
        ("raid5", 4, 4 / 3),
        ("raid6", 4, 2.0),
    ],
)
def test_btrfs_ratios(mode: str, devices: int, ratio: float) -> None:
    assert allocation_ratio(mode, devices) == ratio


@pytest.mark.parametrize(
    ("text", "size"),
    [("0", 0), ("512", 512), ("1.1M", 1150976), ("20.4G", 21894266880), ("790.0k", 808960), ("2k", 2048)],
)
def test_bcache_sizes_have_hundreds_of_1024_parts(text: str, size: float) -> None:
    assert parse_bcache_size(text) == size


def test_bcache_fields() -> None:
    text = "rate:\t\t1.1M/sec\nUnused:\t\t99%\nQuantiles:\t[0 1]\n"
    assert parse_fields(text) == {"rate": "1.1M", "Unused": "99", "Quantiles": "[0 1]"}


@pytest.mark.parametrize(("text", "size"), [("405", 405), ("48.9G", 52505975193), ("23.5k", 24064), ("2.00M", 2097152)])
def test_bcachefs_sizes(text: str, size: float) -> None:
    assert parse_bcachefs_size(text) == size


def test_bcachefs_tables() -> None:
    assert parse_table("type  a  b\nlz4:  1  2\nshort 1\nnone 0 0 0\n") == [["lz4", "1", "2"], ["none", "0", "0", "0"]]
    assert list(parse_io_done("read:\nsb : 86016\nwrite:\nuser:7\n")) == [("read", "sb", 86016), ("write", "user", 7)]
    errors = "IO errors since filesystem creation\n  read:  5\n  checksum:0\nIO errors since 8 y ago\n  read: 9\n"
    assert parse_io_errors(errors) == {"read": 5, "checksum": 0}


def test_edac_labels() -> None:
    assert [readable_label(label) for label in ("mc#0csrow#1channel#0", "DIMM_A1")] == [
        "mc0_csrow1_channel0",
        "DIMM_A1",
    ]


def test_ipvs() -> None:
    text = (
        "IP Virtual Server version 1.2.1 (size=4096)\nProt LocalAddress:Port Scheduler Flags\n"
        "  -> RemoteAddress:Port Forward Weight ActiveConn InActConn\n"
        "TCP  C0A80016:0CEA wlc\n  -> C0A85216:0CEB      Tunnel  100    248        2\n"
        "TCP  [2620:0000:0000:0000:0000:0000:0000:0001]:0050 sh\n"
        "  -> [2620:0000:0000:0000:0000:0000:0000:0002]:0051 Tunnel  1 2 3\n"
        "FWM  10001000 wlc\n  -> C0A8321A:0000      Route   20     64         1\n"
    )
    assert parse_backends(text) == [
        Backend("TCP", "192.168.0.22", "3306", "", "192.168.82.22", "3307", 100, 248, 2),
        Backend("TCP", "2620::1", "80", "", "2620::2", "81", 1, 2, 3),
        Backend("FWM", "", "0", "10001000", "192.168.50.26", "0", 20, 64, 1),
    ]
    assert parse_totals(" Total Incoming\n Conns Packets\n 16AA370 E33656E5 0 51D8C8883AB3 0\n") == [
        23765872,
        3811989221,
        0,
        89991519156915,
        0,
    ]


def test_rpc_lines_lose_their_count_of_procedures() -> None:
    assert parse_rpc("net 70 70 69 45\nproc3 2 0 106\n") == {"net": [70, 70, 69, 45], "proc3": [0, 106]}


def test_zfs_tables() -> None:
    assert parse_kstat("7 1 0x01\nname type data\nhits 4 7\navail 3 -5\ndataset_name 7 pool/a b\nother 7 x\n") == {
        "hits": "7",
        "avail": "-5",
        "dataset_name": "pool/a b",
    }
    assert parse_io("12 3\nnread nwritten\n1884160 3206144\n") == {"nread": "1884160", "nwritten": "3206144"}


def test_xfs_lines() -> None:
    assert parse_xfs("extent_alloc 1 872\ndebug 0\n") == {"extent_alloc": [1, 872], "debug": [0]}


@pytest.mark.parametrize(("name", "parts"), [("package-1", ("package", "1")), ("core", ("core", "0"))])
def test_rapl_zones(name: str, parts: tuple[str, str]) -> None:
    assert split_name(name) == parts


def test_mountstats_of_nfs_mounts_alone() -> None:
    text = (
        "device /dev/sda1 mounted on / with fstype ext4\n"
        "device srv:/x mounted on /mnt with fstype nfs4 statvers=1.1\n"
        "\topts:\trw,vers=4.0,proto=tcp\n\tage:\t13968\n\tevents:\t52 226\n\tbytes:\t1 2\n"
        "\txprt:\ttcp 832 0 1\n\tper-op statistics\n\t        READ: 1298 1298 0 207680\n"
        "device tmpfs mounted on /run with fstype tmpfs\n"
    )
    assert parse_mountstats(text) == [
        NfsMount(
            "srv:/x", "/mnt", 13968, "tcp", [1, 2], [52, 226], [("tcp", [832, 0, 1])], {"READ": [1298, 1298, 0, 207680]}
        )
    ]


def test_the_fields_of_netstat_are_those_of_node_exporter() -> None:
    fields = re.compile(NodeOptions().netstat.fields)
    assert [name for name in ("Ip_Forwarding", "TcpExt_ListenDrops", "Ip_InReceives") if fields.search(name)] == [
        "Ip_Forwarding",
        "TcpExt_ListenDrops",
    ]
