"""The table ``[node]``: what it takes, and what it refuses in words that help."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from vedette_agent.collectors.names import BY_SWITCH, DEFAULT_ON
from vedette_agent.collectors.options import NodeOptions
from vedette_agent.collectors.registry import COLLECTORS, make_collectors
from vedette_shared.config import merge_config
from vedette_shared.errors import ConfigError


def load(**tables: object) -> NodeOptions:
    return merge_config(NodeOptions, [("agent.toml", tables)])


def test_roots_lead_to_files() -> None:
    options = load(roots={"proc": "/host/proc", "rootfs": "/host/"})
    assert options.roots.sys == Path("/sys")
    assert options.proc("stat") == "/host/proc/stat"
    assert options.rootfs("etc/os-release") == "/host/etc/os-release"
    assert NodeOptions().rootfs("etc/os-release") == "/etc/os-release"


def test_the_default_collectors_run() -> None:
    names = [collector.name for collector in make_collectors(NodeOptions())]
    assert names == [name for name, registration in COLLECTORS.items() if registration.default_on]


def test_collectors_bear_the_names_they_are_registered_under() -> None:
    assert set(COLLECTORS) == DEFAULT_ON | BY_SWITCH
    assert {name: registration.factory(NodeOptions()).name for name, registration in COLLECTORS.items()} == {
        name: name for name in COLLECTORS
    }


@pytest.mark.parametrize(
    ("switches", "names"),
    [
        ({"defaults": False, "enable": ["uname", "cpu"]}, ["cpu", "uname"]),
        ({"defaults": False, "enable": ["uname", "cpu"], "disable": ["cpu"]}, ["uname"]),
    ],
)
def test_switches_choose_collectors(switches: dict[str, object], names: list[str]) -> None:
    assert [collector.name for collector in make_collectors(load(collectors=switches))] == names


def test_an_include_takes_the_place_of_the_default_exclude() -> None:
    devices = load(diskstats={"device_include": "^loop0$"}).diskstats.filter("device")
    assert [name for name in ("loop0", "loop1", "sda") if devices.keeps(name)] == ["loop0"]


@pytest.mark.parametrize(
    ("tables", "message"),
    [
        ({"cpu": {"gest": True}}, "agent.toml: cpu.gest: unknown key; did you mean guest?"),
        ({"roots": {"prok": "/x"}}, "agent.toml: roots.prok: unknown key; did you mean proc?"),
        (
            {"netdev": {"device_include": "*eth"}},
            "agent.toml: netdev: device_include is not a regular expression: nothing to repeat at position 0",
        ),
        (
            {"netdev": {"device_include": "eth", "device_exclude": "lo"}},
            "agent.toml: netdev: device_include and device_exclude cannot both be given; keep one of them",
        ),
        (
            {"collectors": {"disable": ["cpus"]}},
            "agent.toml: collectors: there is no collector cpus; did you mean cpu?",
        ),
    ],
)
def test_what_is_wrong_is_said(tables: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError) as raised:
        load(**tables)
    assert str(raised.value) == message


def test_the_manual_names_every_collector() -> None:
    manual = (Path(__file__).parents[3] / "agent/NODE.md").read_text()
    default, by_switch = (
        set(re.findall(r"`(\w+)`", manual.split(start)[1].split("\n\n")[1]))
        for start in ("These run by default:", "These run when they are asked for:")
    )
    assert (default, by_switch) == (set(DEFAULT_ON), set(BY_SWITCH))
