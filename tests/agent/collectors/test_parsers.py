"""What the parsers of /proc make of what the kernel writes."""

from __future__ import annotations

import pytest

from vedette_agent.collectors.cpu import hold_back, parse_cpu_times, parse_ranges
from vedette_agent.collectors.diskstats import parse_diskstats
from vedette_agent.collectors.loadavg import parse_loadavg
from vedette_agent.collectors.meminfo import parse_meminfo
from vedette_agent.collectors.mounts import Mount, parse_mounts
from vedette_agent.collectors.netdev import parse_net_dev
from vedette_agent.collectors.stat import parse_stat
from vedette_agent.collectors.udev import parse_properties


def test_loadavg_has_three_averages() -> None:
    assert parse_loadavg(b"0.21 0.37 0.39 1/719 19737\n") == (0.21, 0.37, 0.39)


@pytest.mark.parametrize("content", [b"", b"0.21 0.37", b"a b c 1/2 3"])
def test_a_broken_loadavg_is_an_error(content: bytes) -> None:
    with pytest.raises(ValueError, match=r"not enough|could not convert"):
        parse_loadavg(content)


def test_meminfo_is_in_bytes_where_it_has_a_unit() -> None:
    content = b"MemTotal:       16042172 kB\nActive(anon):    2068484 kB\nHugePages_Total:       3\n"
    assert parse_meminfo(content) == [
        ("MemTotal_bytes", 16427184128.0),
        ("Active_anon_bytes", 2118127616.0),
        ("HugePages_Total", 3.0),
    ]


def test_stat_keeps_the_total_of_the_interrupts_alone() -> None:
    content = b"cpu  1 2 3 4\ncpu0 1 2 3 4\nintr 8885917 17 0 0\nctxt 38014093\nsoftirq 9 1 8\n"
    assert parse_stat(content) == {b"intr": [b"8885917"], b"ctxt": [b"38014093"], b"softirq": [b"9", b"1", b"8"]}


@pytest.mark.parametrize(
    ("line", "seconds"),
    [
        (b"cpu0 100 200 300 400 500 600 700 800 900 1000", [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0]),
        (b"cpu0 100 200 300 400", [1.0, 2.0, 3.0, 4.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]),
        (b"cpu0 0 0 0 0 0 0 0 0 0 0 77 88", [0.0] * 10),
    ],
    ids=["all", "old kernel", "newer kernel"],
)
def test_cpu_times_have_ten_columns(line: bytes, seconds: list[float]) -> None:
    assert parse_cpu_times(b"cpu  9 9 9 9\n" + line + b"\nintr 1\n", 100.0) == {"0": seconds}


@pytest.mark.parametrize(
    ("idle_before", "idle_now", "held"),
    [(10.0, 11.0, [5.0, 11.0]), (10.0, 9.0, [5.0, 10.0]), (10.0, 7.0, [4.0, 7.0])],
    ids=["forward", "small step back", "unplugged and plugged in"],
)
def test_cpu_counters_step_back_only_with_a_new_processor(
    idle_before: float, idle_now: float, held: list[float]
) -> None:
    before = [5.0, 0.0, 0.0, idle_before]
    now = [4.0, 0.0, 0.0, idle_now]
    assert hold_back(before, now) == [held[0], 0.0, 0.0, held[1]]
    assert hold_back(None, now) == now


@pytest.mark.parametrize(
    ("text", "numbers"), [("", []), ("0", [0]), ("1,3-5,9\n", [1, 3, 4, 5, 9])], ids=["none", "one", "ranges"]
)
def test_ranges(text: str, numbers: list[int]) -> None:
    assert parse_ranges(text) == numbers


def test_diskstats_has_as_many_counters_as_the_kernel_tells() -> None:
    text = "   8       0 sda 1 2 3 4 5 6 7 8 9 10 11\n 259   1 nvme0n1 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17\n"
    assert parse_diskstats(text) == [
        ("8", "0", "sda", [str(n) for n in range(1, 12)]),
        ("259", "1", "nvme0n1", [str(n) for n in range(1, 18)]),
    ]


def test_udev_properties_are_the_lines_with_an_e() -> None:
    assert parse_properties("S:disk/by-id/x\nE:ID_MODEL=A=B\nE:ID_PATH=\nE:odd\nG:systemd\n") == {
        "ID_MODEL": "A=B",
        "ID_PATH": "",
    }


def test_mounts() -> None:
    text = (
        "29 1 259:2 / / rw,relatime shared:1 - ext4 /dev/dm-2 errors=remount-ro\n"
        "48 45 0:3 / /mnt/a\\040b rw master:9 shared:2 propagate_from:1 - nfs4 srv:/x\\134y ro,vers=4\n"
        "50 45 8:1 / /media ro - vfat /dev/sda1 rw\n"
    )
    assert parse_mounts(text) == [
        Mount("/dev/dm-2", "/", "ext4", "259", "2", False, "errors=remount-ro"),
        Mount("srv:/x\\y", "/mnt/a b", "nfs4", "0", "3", True, "ro,vers=4"),
        Mount("/dev/sda1", "/media", "vfat", "8", "1", True, "rw"),
    ]


@pytest.mark.parametrize("line", ["", "29 1 259:2 / / rw,relatime", "29 1 259:2 / / rw - ext4"])
def test_a_broken_mountinfo_is_an_error(line: str) -> None:
    with pytest.raises(ValueError, match="not a line of mountinfo"):
        parse_mounts(f"{line}\n")


def test_net_dev_takes_names_with_colons() -> None:
    text = "Inter-|\n face |\n    lo: 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16\neth0:1: 1 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n"
    assert parse_net_dev(text) == [("lo", list(range(1, 17))), ("eth0:1", [1] + [0] * 15)]
