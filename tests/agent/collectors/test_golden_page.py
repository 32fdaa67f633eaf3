"""The golden page: on node_exporter's own fixtures the collectors yield what node_exporter 1.12 does."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import pytest

from tests.agent.collectors.fixture import FIXTURES, expected_page, require_fixtures, unpack
from tests.agent.collectors.golden_page import NOT_COVERED, NOT_OF_A_COLLECTOR, OTHER_COLLECTORS, VOLATILE
from vedette_agent.collectors.names import BY_SWITCH, DEFAULT_ON
from vedette_agent.collectors.options import NodeOptions
from vedette_agent.collectors.registry import COLLECTORS
from vedette_agent.errors import NoDataError
from vedette_shared.config import merge_config
from vedette_shared.metrics import MetricFamily

TURNED_OFF = {"filesystem", "selinux", "timex", "uname"}
"""As upstream's test does, since they tell of the machine that it runs on; so do ethtool, systemd and tcpstat."""
WITHOUT_FIXTURES = {"ethtool", "systemd", "tcpstat", "identity"}
MIN_COVERAGE = 0.95

Series = Mapping[tuple[str, tuple[tuple[str, str], ...]], float]


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[MetricFamily]]:
    """The families that our collectors make of the fixtures, under the flags of upstream's end-to-end test."""
    require_fixtures()
    root = tmp_path_factory.mktemp("node_exporter")
    for archive in ("sys", "udev"):
        unpack(FIXTURES / f"{archive}.ttar", root)
    families: dict[str, list[MetricFamily]] = {}
    for name in sorted((DEFAULT_ON | BY_SWITCH) - TURNED_OFF - WITHOUT_FIXTURES):
        for family in COLLECTORS[name].factory(options(root)).collect():
            families.setdefault(family.name, []).append(family)
    return families


@pytest.fixture(scope="module")
def expected() -> dict[str, list[MetricFamily]]:
    """The families of upstream's page that are those of our collectors."""
    require_fixtures()
    others = tuple(prefix for prefixes in OTHER_COLLECTORS.values() for prefix in prefixes) + NOT_OF_A_COLLECTOR
    families: dict[str, list[MetricFamily]] = {}
    for family in expected_page():
        if not family.name.startswith(others):
            families.setdefault(family.name, []).append(family)
    return families


def options(root: Path) -> NodeOptions:
    """The flags of upstream's ``end-to-end-test.sh``."""
    return merge_config(
        NodeOptions,
        [
            (
                "end-to-end-test.sh",
                {
                    "roots": {
                        "proc": str(FIXTURES / "proc"),
                        "sys": str(root / "sys"),
                        "udev": str(root / "udev/data"),
                        "rootfs": str(FIXTURES),
                    },
                    "arp": {"device_exclude": "nope", "netlink": False},
                    "bcache": {"priority_stats": True},
                    "cpu": {
                        "info": True,
                        "bugs_include": "^(cpu_meltdown|spectre_.*|mds)$",
                        "flags_include": "^(aes|avx.?|constant_tsc)$",
                    },
                    "hwmon": {"chip_include": "(applesmc|asus_nb_wmi|coretemp|hwmon4|ieee80211|nct6779)"},
                    "netclass": {"ignore_invalid_speed": True, "ignored_devices": "(dmz|int)", "netlink": False},
                    "netdev": {"device_include": "lo"},
                    "stat": {"softirq": True},
                    "textfile": {"directories": [str(FIXTURES / "textfile/two_metric_files")]},
                },
            )
        ],
    )


def series(families: Iterable[MetricFamily]) -> Series:
    """Return the series, without labels that are empty and with paths as upstream's page has them."""
    return {
        (sample.name, tuple((name, upstream_path(value)) for name, value in sample.labels if value)): sample.value
        for family in families
        for sample in family.samples
    }


def upstream_path(value: str) -> str:
    """Upstream runs its test above the fixtures, wherever they, or what is unpacked from them, are here."""
    _, found, path = value.partition("/sys/class/powercap/")
    if found:
        return f"collector/fixtures/sys/class/powercap/{path}"
    return value.replace(str(FIXTURES), "collector/fixtures")


def difference(name: str, ours: list[MetricFamily], theirs: list[MetricFamily]) -> str:
    """Return in words what differs between two families, or nothing."""
    if not ours:
        return "missing"
    ours_head, theirs_head = (ours[0].type, upstream_path(ours[0].help)), (theirs[0].type, theirs[0].help)
    if ours_head != theirs_head:
        return f"{ours_head} instead of {theirs_head}"
    have, want = series(ours), series(theirs)
    if name in VOLATILE or have == want:
        return ""
    missing, more = sorted(want.items() - have.items()), sorted(have.items() - want.items())
    return f"lacks {missing[:3]}, has {more[:3]}"


def test_the_page_is_covered(page: dict[str, list[MetricFamily]], expected: dict[str, list[MetricFamily]]) -> None:
    differences = {
        name: text for name, families in expected.items() if (text := difference(name, page.get(name, []), families))
    }
    assert differences.keys() == NOT_COVERED.keys(), differences
    assert len(differences) <= (1 - MIN_COVERAGE) * len(expected)


def test_nothing_is_told_that_the_page_does_not_tell(
    page: dict[str, list[MetricFamily]], expected: dict[str, list[MetricFamily]]
) -> None:
    assert page.keys() - expected.keys() == set()


def test_the_page_is_not_empty_for_want_of_fixtures(expected: dict[str, list[MetricFamily]]) -> None:
    assert len(expected) > 900


SILENT = {"bcache", "btrfs", "cpufreq", "edac", "xfs"}
"""Collectors that succeed without anything to tell, as node_exporter's do."""


@pytest.mark.parametrize("name", sorted(DEFAULT_ON - TURNED_OFF - {"netdev", "textfile", "time"}))
def test_a_host_without_anything_has_no_data_or_says_what_is_missing(name: str, tmp_path: Path) -> None:
    """Empty roots stand for hardware, modules and files that a host need not have."""
    roots = dict.fromkeys(("proc", "sys", "udev", "rootfs"), str(tmp_path))
    tables = {"roots": roots, "arp": {"netlink": False}, "netclass": {"netlink": False}}
    collector = COLLECTORS[name].factory(merge_config(NodeOptions, [("", tables)]))
    if name in SILENT:
        assert list(collector.collect()) == []
    else:
        with pytest.raises((NoDataError, FileNotFoundError)):
            collector.collect()
