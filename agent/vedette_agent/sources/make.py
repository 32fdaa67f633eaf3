"""The sources that a configuration asks for, as plans: how one is made, and what decides whether it is the same."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from vedette_agent.apps.make import plan_apps
from vedette_agent.children import ChildLimits
from vedette_agent.collectors.registry import make_collectors
from vedette_agent.config import AgentConfig
from vedette_agent.config_parts import CustomConfig, LocalConfig, PluginsConfig
from vedette_agent.disks.make import plan_disks
from vedette_agent.ipmi.make import plan_bmcs
from vedette_agent.machine import MachineFollower
from vedette_agent.machine.hardware import DISK
from vedette_agent.raid.make import plan_raid
from vedette_agent.snmp.access import read_access
from vedette_agent.snmp.config import DeviceConfig
from vedette_agent.snmp.declarations import load_modules
from vedette_agent.snmp.recognition import Recognition
from vedette_agent.snmp.source import SnmpSource
from vedette_agent.snmp.traps.make import plan_traps
from vedette_agent.sources.checks.local import find_local_checks
from vedette_agent.sources.checks.plugins import plugin_script, read_mrpe
from vedette_agent.sources.checks.source import CheckSource, Script
from vedette_agent.sources.custom.source import CustomSource
from vedette_agent.sources.interface import Source
from vedette_agent.sources.node import NODE, NodeSource
from vedette_shared.clock import Clock

LOCAL, PLUGINS, CUSTOM, SNMP = "local", "plugins", "custom", "snmp"


@dataclass(frozen=True, slots=True)
class SourcePlan:
    """A source to be: while ``spec`` stays equal over a reload, the one that runs goes on."""

    name: str
    spec: object
    make: Callable[[], Source]


def plan_sources(config: AgentConfig, clock: Clock) -> list[SourcePlan]:
    """Return the plans of the sources that ``config`` asks for, but the agent's own.

    Raises:
        ConfigError: a file that a device of SNMP or a BMC needs is missing or not sound.
    """
    times = (config.interval, config.timeout, config.collector_timeout)
    disks = plan_disks(config.disks, config.data, config.interval, clock)
    # smartctl sees more of a disk than the node does; it is not told of twice.
    watched = (DISK,) if disks else ()
    spec_of_node = (config.node, times, config.data, watched)
    plans = [SourcePlan(NODE, spec_of_node, lambda: _node(config, watched, clock))]
    local, plugins, custom = config.local, config.plugins, config.custom
    if local is not None:
        spec = (local, config.interval, config.limits)
        plans.append(SourcePlan(LOCAL, spec, lambda: _local(local, config, clock)))
    if plugins is not None:
        spec_of_plugins = (plugins, config.interval, config.limits)
        plans.append(SourcePlan(PLUGINS, spec_of_plugins, lambda: _plugins(plugins, config, clock)))
    if custom is not None:
        plans.append(SourcePlan(CUSTOM, custom, lambda: _custom(custom)))
    plans += [SourcePlan(*plan) for plan in disks]
    plans += [SourcePlan(*plan) for plan in plan_raid(config.raid, config.data, config.interval, clock)]
    plans += [SourcePlan(*plan) for plan in plan_bmcs(config.ipmi, config.data, clock)]
    if config.snmp_traps is not None:
        plans.append(SourcePlan(*plan_traps(config.snmp_traps, config.snmp, config.data, clock)))
    apps = plan_apps(
        config.apps,
        clock,
        interval_ms=config.interval,
        timeout=config.timeout.seconds,
        host=config.host_name,
        labels=config.labels,
        most_bytes=config.limits.bytes,
    )
    plans += [SourcePlan(*plan) for plan in apps]
    return [*plans, *(_snmp_plan(device, config.snmp_modules, clock) for device in config.snmp)]


def _node(config: AgentConfig, watched: tuple[str, ...], clock: Clock) -> Source:
    return NodeSource(
        make_collectors(config.node),
        interval_ms=config.interval,
        timeout=config.timeout.seconds,
        collector_timeout=config.collector_timeout.seconds,
        machine=MachineFollower(config.data / "machine", config.node.roots.proc, clock, watched),
    )


def _local(local: LocalConfig, config: AgentConfig, clock: Clock) -> Source:
    limits = ChildLimits(local.timeout.seconds, config.limits.bytes, _cpu_seconds(local.timeout.seconds))

    def scripts() -> list[Script]:
        return find_local_checks(local.folder, local.interval.seconds, limits)

    return CheckSource(LOCAL, config.interval, scripts, clock)


def _plugins(plugins: PluginsConfig, config: AgentConfig, clock: Clock) -> Source:
    def limits(seconds: float) -> ChildLimits:
        return ChildLimits(seconds, config.limits.bytes, _cpu_seconds(seconds))

    def scripts() -> list[Script]:
        usual = limits(plugins.timeout.seconds)
        own = [
            plugin_script(
                plugin.name,
                plugin.command,
                (plugin.interval or plugins.interval).seconds,
                limits(plugin.timeout.seconds) if plugin.timeout else usual,
            )
            for plugin in plugins.plugin
        ]
        if plugins.mrpe_file is None:
            return own
        return [*own, *read_mrpe(plugins.mrpe_file, plugins.interval.seconds, usual)]

    return CheckSource(PLUGINS, config.interval, scripts, clock)


def _custom(custom: CustomConfig) -> Source:
    return CustomSource(
        custom.folder,
        entry_points=custom.entry_points,
        interval_ms=custom.interval,
        timeout=custom.timeout.seconds,
        collector_timeout=custom.collector_timeout.seconds,
    )


def _snmp_plan(device: DeviceConfig, folder: Path, clock: Clock) -> SourcePlan:
    access = read_access(device)
    # What is recognised is read later; a reload begins anew with it, as a file of the folder may be another one.
    modules = Recognition(folder) if isinstance(device.modules, str) else load_modules(device.modules, folder)

    def make() -> Source:
        return SnmpSource(device, access, modules, clock.monotonic)

    return SourcePlan(f"{SNMP}:{device.host}", (device, access, modules), make)


def _cpu_seconds(timeout: float) -> float:
    """A script waits most of its time; one that computes through all of it is at fault."""
    return max(timeout / 2, 1.0)
