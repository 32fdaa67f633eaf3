"""Processors: time in each mode from ``/proc/stat``, throttling and isolation from /sys, model by switch."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from typing import NamedTuple

from vedette_agent.collectors.cpuinfo import Processor, parse_cpuinfo
from vedette_agent.collectors.families import COUNTER, GAUGE, Families, Metric
from vedette_agent.collectors.options import NodeOptions
from vedette_agent.collectors.reading import list_folder, read_attribute, read_bytes, read_number, read_text
from vedette_shared.labels import Labels, make_labels
from vedette_shared.metrics import MetricFamily, Sample

_SECONDS = Metric("node_cpu_seconds_total", COUNTER, "Seconds the CPUs spent in each mode.")
_GUEST = Metric("node_cpu_guest_seconds_total", COUNTER, "Seconds the CPUs spent in guests (VMs) for each mode.")
_INFO = Metric("node_cpu_info", GAUGE, "CPU information from /proc/cpuinfo.")
_FLAG_INFO = Metric(
    "node_cpu_flag_info", GAUGE, "The `flags` field of CPU information from /proc/cpuinfo taken from the first core."
)
_BUG_INFO = Metric(
    "node_cpu_bug_info", GAUGE, "The `bugs` field of CPU information from /proc/cpuinfo taken from the first core."
)
_FREQUENCY = Metric("node_cpu_frequency_hertz", GAUGE, "CPU frequency in hertz from /proc/cpuinfo.")
_CORE_THROTTLES = Metric("node_cpu_core_throttles_total", COUNTER, "Number of times this CPU core has been throttled.")
_PACKAGE_THROTTLES = Metric(
    "node_cpu_package_throttles_total", COUNTER, "Number of times this CPU package has been throttled."
)
_ISOLATED = Metric(
    "node_cpu_isolated", GAUGE, "Whether each core is isolated, information from /sys/devices/system/cpu/isolated."
)
_ONLINE = Metric("node_cpu_online", GAUGE, "CPUs that are online and being scheduled.")

_MODES = ("user", "nice", "system", "idle", "iowait", "irq", "softirq", "steal")
_GUEST_MODES = ("user", "nice")
_COLUMNS = len(_MODES) + len(_GUEST_MODES)
_IDLE = _MODES.index("idle")
_IDLE_JUMP_SECONDS = 3.0
"""A processor whose idle time falls by more was unplugged and plugged in again; less is a quirk of the kernel."""


def parse_cpu_times(content: bytes, ticks: float) -> dict[str, list[float]]:
    """Return, for each processor in ``/proc/stat``, the seconds in user, nice, system, idle, iowait, irq, softirq,
    steal, guest and guest_nice; the ones that an old kernel does not tell are 0.

    Args:
        content: Of ``/proc/stat``.
        ticks: Clock ticks a second.

    Raises:
        ValueError: a field is not a number.
    """
    times = {}
    for line in content.splitlines():
        if not line.startswith(b"cpu"):
            break
        name, *numbers = line.split(None, _COLUMNS + 1)
        if name != b"cpu":
            seconds = [int(number) / ticks for number in numbers[:_COLUMNS]]
            times[name[3:].decode()] = seconds + [0.0] * (_COLUMNS - len(seconds))
    return times


def hold_back(before: list[float] | None, now: list[float]) -> list[float]:
    """Return ``now`` with no counter below its value ``before``, unless idle time shows that all began anew."""
    if before is None or before[_IDLE] - now[_IDLE] >= _IDLE_JUMP_SECONDS:
        return now
    return [max(pair) for pair in zip(before, now, strict=True)]


def parse_ranges(text: str) -> list[int]:
    """Return the numbers in a list such as ``1,3-5``.

    Raises:
        ValueError: the text is no such list.
    """
    numbers: list[int] = []
    for part in filter(None, text.strip().split(",")):
        first, _, last = part.partition("-")
        numbers += range(int(first), int(last or first) + 1)
    return numbers


class _Core(NamedTuple):
    """A processor's place, and where its throttling is counted; ``None`` where another one counts for it."""

    core_path: str | None
    core_labels: Labels
    package_path: str | None
    package_labels: Labels


class CpuCollector:
    """Time in each mode; guests, model, flags and bugs by switch."""

    name = "cpu"

    def __init__(self, options: NodeOptions) -> None:
        self._stat = options.proc("stat")
        self._cpuinfo = options.proc("cpuinfo")
        self._sys = options.sys("devices/system/cpu")
        self._guest = options.cpu.guest
        self._flags = re.compile(options.cpu.flags_include) if options.cpu.flags_include else None
        self._bugs = re.compile(options.cpu.bugs_include) if options.cpu.bugs_include else None
        self._info = options.cpu.info or bool(self._flags or self._bugs)
        self._ticks = float(os.sysconf("SC_CLK_TCK"))
        self._times: dict[str, list[float]] = {}
        self._labels: dict[str, list[Labels]] = {}
        self._cores: list[_Core] = []
        self._cores_of: list[str] | None = None
        self._hotplug = False

    def collect(self) -> list[MetricFamily]:
        families = Families()
        if self._info:
            self._add_info(families)
        times = self._add_times()
        self._add_places(families)
        return [*families.all(), *times]

    def _add_times(self) -> list[MetricFamily]:
        now = parse_cpu_times(read_bytes(self._stat), self._ticks)
        self._times = {cpu: hold_back(self._times.get(cpu), times) for cpu, times in now.items()}
        seconds, guest = _SECONDS.family(), _GUEST.family()
        for cpu, values in self._times.items():
            labels = self._labels.get(cpu)
            if labels is None:
                labels = [(("cpu", cpu), ("mode", mode)) for mode in (*_MODES, *_GUEST_MODES)]
                self._labels[cpu] = labels
            split = len(_MODES)
            seconds.samples += map(_seconds_sample, labels[:split], values)
            guest.samples += map(_guest_sample, labels[split:], values[split:])
        return [seconds, guest] if self._guest else [seconds]

    def _add_info(self, families: Families) -> None:
        processors = parse_cpuinfo(read_text(self._cpuinfo))
        for processor in processors:
            families.add(_INFO, 1.0, _info_labels(processor))
            if processor.megahertz:
                families.add(_FREQUENCY, processor.megahertz * 1e6, _place_labels(processor))
        if processors:
            _add_matching(families, _FLAG_INFO, "flag", processors[0].flags, self._flags)
            _add_matching(families, _BUG_INFO, "bug", processors[0].bugs, self._bugs)

    def _add_places(self, families: Families) -> None:
        if isolated := read_attribute(f"{self._sys}/isolated"):
            for cpu in parse_ranges(isolated):
                families.add(_ISOLATED, 1.0, (("cpu", str(cpu)),))
        names = [name for name in list_folder(self._sys) if name.startswith("cpu") and name[3:].isdigit()]
        if names != self._cores_of:
            self._cores, self._cores_of = self._find_cores(names), names
            self._hotplug = read_attribute(f"{self._sys}/cpu0/online") is not None
        if self._hotplug:
            online = {str(cpu) for cpu in parse_ranges(read_attribute(f"{self._sys}/online") or "")}
            for name in names:
                families.add(_ONLINE, float(name[3:] in online), (("cpu", name[3:]),))
        for core in self._cores:
            if core.core_path and (count := read_number(core.core_path)) is not None:
                families.add(_CORE_THROTTLES, float(count), core.core_labels)
            if core.package_path and (count := read_number(core.package_path)) is not None:
                families.add(_PACKAGE_THROTTLES, float(count), core.package_labels)

    def _find_cores(self, names: list[str]) -> list[_Core]:
        """Look up once where throttling is counted: each core and each package tells it in all its threads."""
        cores = []
        seen: set[Labels] = set()
        for name in names:
            package = read_number(f"{self._sys}/{name}/topology/physical_package_id")
            core = read_number(f"{self._sys}/{name}/topology/core_id")
            if package is None or core is None:
                continue
            package_labels: Labels = (("package", str(package)),)
            core_labels: Labels = (("core", str(core)), *package_labels)
            paths: list[str | None] = []
            for labels, file in ((core_labels, "core_throttle_count"), (package_labels, "package_throttle_count")):
                path = f"{self._sys}/{name}/thermal_throttle/{file}"
                counted = labels not in seen and read_number(path) is not None
                paths.append(path if counted else None)
                if counted:
                    seen.add(labels)
            if any(paths):
                cores.append(_Core(paths[0], core_labels, paths[1], package_labels))
        return cores


def _seconds_sample(labels: Labels, value: float) -> Sample:
    return Sample(_SECONDS.name, labels, value)


def _guest_sample(labels: Labels, value: float) -> Sample:
    return Sample(_GUEST.name, labels, value)


def _info_labels(processor: Processor) -> Labels:
    return make_labels(
        package=processor.package,
        core=processor.core,
        cpu=processor.number,
        vendor=processor.vendor,
        family=processor.family,
        model=processor.model,
        model_name=processor.model_name,
        microcode=processor.microcode,
        stepping=processor.stepping,
        cachesize=processor.cache_size,
    )


def _place_labels(processor: Processor) -> Labels:
    return make_labels(package=processor.package, core=processor.core, cpu=processor.number)


def _add_matching(
    families: Families, metric: Metric, label: str, words: Iterable[str], pattern: re.Pattern[str] | None
) -> None:
    if pattern is not None:
        for word in words:
            if pattern.search(word):
                families.add(metric, 1.0, ((label, word),))
