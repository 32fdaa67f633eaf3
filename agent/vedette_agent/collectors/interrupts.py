"""Interrupts by line and processor: ``/proc/interrupts``."""

from __future__ import annotations

from typing import NamedTuple

from vedette_agent.collectors.families import COUNTER, Metric
from vedette_agent.collectors.options import NodeOptions
from vedette_agent.collectors.reading import read_text
from vedette_shared.labels import Labels, make_labels
from vedette_shared.metrics import MetricFamily

_INTERRUPTS = Metric("node_interrupts_total", COUNTER, "Interrupt details.")


class Interrupt(NamedTuple):
    """A line of the file."""

    kind: str
    info: str
    devices: str
    counts: list[str]


def parse_interrupts(text: str) -> tuple[list[str], list[Interrupt]]:
    """Return the numbers of the processors, and the lines that have a count for each of them."""
    header, _, rest = text.partition("\n")
    cpus = [name.removeprefix("CPU") for name in header.split()]
    interrupts = []
    for line in rest.splitlines():
        kind, colon, after = line.partition(":")
        words = after.split()
        counts, tail = words[: len(cpus)], words[len(cpus) :]
        if colon and len(counts) == len(cpus):
            info, devices = _split_tail(kind.strip(), tail)
            interrupts.append(Interrupt(kind.strip(), info, devices, counts))
    return cpus, interrupts


def _split_tail(kind: str, tail: list[str]) -> tuple[str, str]:
    """After the counts stands what a named interrupt is, or else a numbered one's controller and its devices."""
    if not kind.isdigit():
        return " ".join(tail), ""
    return "".join(tail[:1]), " ".join(tail[1:])


class InterruptsCollector:
    """Interrupts by line and processor, as many series as the product of both."""

    name = "interrupts"

    def __init__(self, options: NodeOptions) -> None:
        self._path = options.proc("interrupts")
        self._filter = options.interrupts.filter("name")
        self._zeros = options.interrupts.include_zeros
        self._labels: dict[tuple[str, ...], list[Labels]] = {}

    def collect(self) -> list[MetricFamily]:
        cpus, interrupts = parse_interrupts(read_text(self._path))
        family = _INTERRUPTS.family()
        for interrupt in interrupts:
            key = (interrupt.kind, interrupt.info, interrupt.devices, *cpus)
            labels = self._labels.get(key)
            if labels is None:
                labels = self._labels[key] = _labels(interrupt, cpus)
            if not self._filter.keeps(f"{interrupt.kind};{interrupt.info};{interrupt.devices}"):
                continue
            for cpu_labels, count in zip(labels, interrupt.counts, strict=True):
                if self._zeros or count != "0":
                    family.add(float(count), cpu_labels)
        return [family]


def _labels(interrupt: Interrupt, cpus: list[str]) -> list[Labels]:
    return [make_labels(cpu=cpu, type=interrupt.kind, info=interrupt.info, devices=interrupt.devices) for cpu in cpus]
