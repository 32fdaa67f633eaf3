"""Answers of drivers and tables of firmware, byte by byte, and damaged ones."""

from __future__ import annotations

import re
import struct
from pathlib import Path

import pytest

from vedette_agent.collectors.ethtool import metric_name, name_counters
from vedette_agent.collectors.ethtool_kernel import (
    DriverInfo,
    LinkSettings,
    parse_driver_info,
    parse_link_settings,
    parse_statistics,
)
from vedette_agent.collectors.ethtool_modes import AUTONEG, PAUSE, PORTS, SPEEDS, Speed
from vedette_agent.collectors.identity import IdentityCollector
from vedette_agent.collectors.identity_devices import parse_serial_page
from vedette_agent.collectors.interface import Roots
from vedette_agent.collectors.neighbours import Neighbour, parse_neighbours
from vedette_agent.collectors.options import NodeOptions
from vedette_agent.collectors.smbios import MemoryModule, parse_memory_modules


def test_driver_info() -> None:
    answer = struct.pack(
        "=I32s32s32s32s32s12s5I", 3, b"e1000e", b"5.11", b"0.5-4", b"0000:00:1f.6", b"", b"", 0, 7, 0, 0, 0
    )
    assert parse_driver_info(answer) == DriverInfo("e1000e", "5.11", "0.5-4", "0000:00:1f.6", "", 7)


def test_statistics_pair_names_and_values() -> None:
    strings = struct.pack("=III", 0x1B, 1, 2) + b"rx_packets".ljust(32, b"\0") + b"tx_errors".ljust(32, b"\0")
    values = struct.pack("=IIQQ", 0x1D, 2, 5, 2**63)
    assert parse_statistics(strings, values) == {"rx_packets": 5, "tx_errors": 2**63}


def test_link_settings_have_masks_of_many_words() -> None:
    head = struct.pack("=IIBBBBBBBbBBBB28s", 0x4C, 1000, 1, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 0, b"")
    answer = head + struct.pack("=6I", 1 << AUTONEG, 1, 1 << PAUSE, 0, 0, 0)
    assert parse_link_settings(answer) == LinkSettings(True, 1 << AUTONEG | 1 << 32, 1 << PAUSE)


def test_modes_have_the_bits_of_the_kernel() -> None:
    assert (AUTONEG, PAUSE, PORTS[10], PORTS[16]) == (6, 13, "FIBRE", "Backplane")
    assert SPEEDS[12] == Speed(10000, "10000baseT", "full")
    assert SPEEDS[20] == Speed(10000, "10000baseR_FEC", "full")
    assert SPEEDS[47] == Speed(2500, "2500baseT", "full")
    assert SPEEDS[91] == Speed(100, "100baseFX", "full")


@pytest.mark.parametrize(
    ("counter", "name"),
    [
        ("rx_queue_0_bytes", "received_queue_0_bytes"),
        ("port.rx_dropped", "port_received_dropped"),
        ("rx0_drops", "rx0_drops"),
        ("[0]: tx-Bytes", "0_transmitted_bytes"),
        ("tx_aborted", "transmitted_aborted"),
    ],
)
def test_counters_are_named_as_node_exporter_does(counter: str, name: str) -> None:
    assert metric_name(counter) == name


def test_counters_that_share_a_name_are_left_out() -> None:
    counters = {"rx_bytes": 1, "align_errors": 2, "duplicate metric": 3, "duplicate_metric": 4, "other": 5}
    named = name_counters(counters, re.compile("^(rx|align|dup)"))
    assert [(metric.name, metric.help, value) for metric, value in named] == [
        ("node_ethtool_received_bytes_total", "Network interface bytes received", 1),
        ("node_ethtool_align_errors", "Network interface align_errors", 2),
    ]


def _neighbour(family: int, interface: int, state: int) -> bytes:
    return struct.pack("=IHHII", 28, 28, 2, 1, 0) + struct.pack("=BxxxiHBB", family, interface, state, 0, 1)


DONE = struct.pack("=IHHIIi", 20, 3, 2, 1, 0, 0)


def test_neighbours_are_those_of_ipv4_that_need_arp() -> None:
    dump = _neighbour(2, 3, 0x02) + _neighbour(2, 3, 0x40) + _neighbour(10, 3, 0x02) + _neighbour(2, 4, 0x04) + DONE
    assert list(parse_neighbours(dump)) == [Neighbour(3, "reachable"), Neighbour(4, "stale")]


def _memory_device(size: int, strings: bytes, extended: int = 0) -> bytes:
    area = bytearray(0x22)
    struct.pack_into("<BBH", area, 0, 17, len(area), 0x1100)
    struct.pack_into("<H", area, 0x0C, size)
    struct.pack_into("<BBB", area, 0x10, 1, 2, 0x1A)
    struct.pack_into("<H", area, 0x15, 3200)
    struct.pack_into("<BBBB", area, 0x17, 3, 4, 0, 5)
    struct.pack_into("<I", area, 0x1C, extended)
    return bytes(area) + strings + b"\0\0"


END = struct.pack("<BBH", 127, 4, 0) + b"\0\0"


@pytest.mark.parametrize(
    ("size", "extended", "bytes_"),
    [(16384, 0, 16 << 30), (0x7FFF, 65536, 64 << 30), (0x8000 | 512, 0, 512 << 10), (0, 0, 0), (0xFFFF, 0, 0)],
    ids=["MiB", "extended", "KiB", "empty", "unknown"],
)
def test_memory_modules(size: int, extended: int, bytes_: int) -> None:
    table = _memory_device(size, b"A1\0NODE 0\0Samsung\x00031A\0M393A2K43 ", extended) + END + b"junk"
    assert parse_memory_modules(table) == [
        MemoryModule("A1", "NODE 0", bytes_, "DDR4", "3200", "Samsung", "031A", "M393A2K43")
    ]


def test_what_firmware_writes_in_place_of_nothing_is_nothing() -> None:
    table = _memory_device(0, b"A2\0NODE 0\0NO DIMM\0Unknown\0Not Specified") + END
    assert parse_memory_modules(table) == [MemoryModule("A2", "NODE 0", 0, "DDR4", "3200", "", "", "")]


@pytest.mark.parametrize("cut", [1, 4, 30])
def test_a_table_cut_short_is_an_error(cut: int) -> None:
    table = _memory_device(1, b"A\0B\0C\0D\0E")
    with pytest.raises(ValueError, match="cut short"):
        parse_memory_modules(table[: len(table) - cut])


def test_serial_numbers_of_scsi_disks() -> None:
    assert parse_serial_page(b"\0\x80\0\x08  S3R4L \0\0") == "S3R4L"


def test_parts_are_looked_at_again_when_they_change_or_after_a_while(tmp_path: Path) -> None:
    now = 0.0
    options = NodeOptions(roots=Roots(proc=tmp_path / "proc", sys=tmp_path / "sys"))
    collector = IdentityCollector(options, lambda: now)

    def add_disk(name: str, firmware: str) -> None:
        folder = tmp_path / "sys/block" / name / "device"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "model").write_text("DISK\n")
        (folder / "rev").write_text(f"{firmware}\n")

    def disks() -> list[str]:
        (family,) = collector.collect()
        return [f"{dict(sample.labels)['device']} {dict(sample.labels)['firmware']}" for sample in family.samples]

    add_disk("sda", "1.0")
    assert disks() == ["sda 1.0"]
    add_disk("sdb", "1.0")
    assert disks() == ["sda 1.0", "sdb 1.0"]
    add_disk("sda", "2.0")
    assert disks() == ["sda 1.0", "sdb 1.0"]
    now = 600.0
    assert disks() == ["sda 2.0", "sdb 1.0"]
