"""Declarations over the shipped ones; a wrong one is refused with one line that names file and key."""

from __future__ import annotations

from typing import Any

import pytest

from vedette_server.checks import Check, ChecksConfig, HostsConfig, Override, load_checks
from vedette_server.promql import parse
from vedette_shared.config import Duration
from vedette_shared.errors import ConfigError


def load(*documents: dict[str, Any]) -> ChecksConfig:
    return load_checks([(f"{index}.toml", document) for index, document in enumerate(documents)], parse)


def named(config: ChecksConfig, name: str) -> Check:
    (found,) = [check for check in config.checks if check.name == name]
    return found


def test_the_shipped_checks() -> None:
    assert [check.name for check in load().checks] == [
        "filesystem",
        "inodes",
        "load",
        "cpu",
        "memory",
        "swap",
        "network_errors",
        "disk_io",
        "clock",
        "uptime",
        "sources",
        "bmc",
        "bmc_sensors",
        "disk_health",
        "disk_sectors",
        "disk_wear",
        "raid_controller",
        "md",
        "zfs",
        "memory_errors",
    ]


def test_a_declaration_of_ones_own() -> None:
    entry = {
        "name": "raid",
        "service": "RAID {device}",
        "query": "node_md_disks",
        "upper": [1, 2],
        "interval": "30s",
        "override": [{"match": {"host": "db.*"}, "upper": [2, 3]}],
    }
    assert named(load({"check": [entry]}), "raid") == Check(
        "raid",
        "RAID {device}",
        "node_md_disks",
        upper=(1.0, 2.0),
        interval=Duration(30_000),
        override=(Override({"host": "db.*"}, (2.0, 3.0)),),
    )


def test_an_entry_of_a_known_name_is_laid_over_it() -> None:
    shipped = named(load(), "memory")
    changed = named(
        load({"check": [{"name": "memory", "upper": []}]}, {"check": [{"name": "memory", "unit": "percent"}]}), "memory"
    )
    assert (changed.query, changed.upper, changed.unit) == (shipped.query, (), "percent")


def test_overrides_of_several_entries_follow_one_another() -> None:
    def entry(host: str) -> dict[str, Any]:
        return {"name": "memory", "override": [{"match": {"host": host}}]}

    config = load({"check": [entry("a"), entry("b")]}, {"check": [entry("c")]})
    assert [override.match["host"] for override in named(config, "memory").override] == ["a", "b", "c"]


def test_a_check_that_is_switched_off() -> None:
    config = load({"check": [{"name": "swap", "enabled": False}]})
    assert "swap" not in [check.name for check in config.checks]


def test_hosts() -> None:
    assert load({"hosts": {"silence": "2m", "attempts": 3}}).hosts == HostsConfig(silence=Duration(120_000), attempts=3)


NEW = {"name": "x", "service": "X", "query": "up"}

REFUSED = [
    ({"check": {"name": "x"}}, "check: write each check as [[check]], with a name"),
    ({"check": [{"service": "X"}]}, 'check[0].name: this key is required, a word like "disk_io"'),
    (
        {"check": [{**NEW, "name": "Disk"}]},
        "check.Disk: name 'Disk' must be of small letters, digits and underscores, like disk_io",
    ),
    ({"check": [{"name": "x", "service": "X"}]}, "check.x.query: this key is required"),
    ({"check": [{"name": "memory", "uper": []}]}, "check.memory.uper: unknown key; did you mean upper?"),
    ({"chek": []}, "chek: unknown key; did you mean check?"),
    ({"check": [{**NEW, "upper": [90]}]}, "check.x: upper must be two numbers, [warn, crit], or empty"),
    (
        {"check": [{**NEW, "upper": [90, 80]}]},
        "check.x: upper must have warn first, no higher than crit; inf for a level that never applies",
    ),
    (
        {"check": [{**NEW, "lower": [5, 10]}]},
        "check.x: lower must have warn first, no lower than crit; -inf for a level that never applies",
    ),
    ({"check": [{**NEW, "interval": "10ms"}]}, "check.x: interval must be at least 1s"),
    ({"check": [{**NEW, "attempts": 0}]}, "check.x: attempts must be at least 1"),
    ({"check": [{**NEW, "forget_after": "1s"}]}, "check.x: forget_after must be no shorter than interval"),
    ({"check": [{**NEW, "service": " "}]}, "check.x: service must not be empty"),
    ({"check": [{**NEW, "service": "A {b"}]}, "check.x: 'A {b': braces hold the name of a label, like {mountpoint}"),
    (
        {"check": [{**NEW, "service": "A {host}"}]},
        "check.x: service must not hold {host}: every service belongs to its host already",
    ),
    (
        {"check": [{**NEW, "query": "sum by host (up)"}]},
        'check.x.query: 1:8: parse error: unexpected identifier "host" in grouping opts, expected "("',
    ),
    (
        {"check": [{**NEW, "graph": "up{"}]},
        'check.x.graph: 1:4: parse error: unexpected end of input in label matching, expected identifier or "}"',
    ),
    ({"check": [{"name": "memory", "query": "1 +"}]}, "check.memory.query: 1:4: parse error: unexpected end of input"),
    (
        {"check": [{**NEW, "override": [{"match": {}}]}]},
        'check.x.override[0]: match must name a label at least, like match = { host = "db.*" }',
    ),
    ({"hosts": {"silence": "1s"}}, "hosts: silence must be no shorter than interval"),
    (
        {"hosts": {"seen": "max by ("}},
        "hosts.seen: 1:9: parse error: unexpected end of input in grouping opts, expected label",
    ),
]


@pytest.mark.parametrize(("document", "message"), REFUSED)
def test_refuses(document: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load({"check": [{"name": "load", "attempts": 2}]}, document)
    assert str(caught.value) == f"1.toml: {message}"


def test_a_pattern_that_is_no_regular_expression() -> None:
    with pytest.raises(ConfigError, match=r"^0\.toml: check\.x\.override\[0\]: match\.host: error parsing regexp"):
        load({"check": [{**NEW, "override": [{"match": {"host": "("}}]}]})
