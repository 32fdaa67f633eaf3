"""The node: all collectors of ``collectors.registry``, with the two series about each that node_exporter has."""

from __future__ import annotations

from collections.abc import Sequence

import trio

from vedette_agent.collectors.interface import Collector
from vedette_agent.machine import MachineFollower
from vedette_agent.sources.error_log import ErrorLog, problems_of
from vedette_agent.sources.interface import PlainSource
from vedette_agent.sources.serial import Outcome, SerialRunner, Step
from vedette_agent.sources.timing import rounded
from vedette_shared.events import Event
from vedette_shared.labels import Labels, make_labels
from vedette_shared.metrics import MetricFamily, gauge

NODE = "node"

_Families = list[MetricFamily]


class NodeSource(PlainSource):
    """Collects the host. A collector that fails, or overruns its time, shows as such and harms no other."""

    name = NODE
    job = NODE
    reports_up = True

    def __init__(
        self,
        collectors: Sequence[Collector],
        *,
        interval_ms: int,
        timeout: float,
        collector_timeout: float,
        machine: MachineFollower | None = None,
    ) -> None:
        super().__init__()
        self.interval_ms = interval_ms
        self.timeout = timeout
        self._collector_timeout = collector_timeout
        self._steps = [_step(collector) for collector in collectors]
        self._labels: dict[str, Labels] = {step.name: make_labels(collector=step.name) for step in self._steps}
        self._runner: SerialRunner[_Families] = SerialRunner("collectors")
        self._outcomes: list[Outcome[_Families]] = []
        self._errors = ErrorLog("collector")
        self._cpu = 0.0
        self._machine = machine

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        if self._machine is None:
            task_status.started()
        else:
            await self._machine.run(task_status=task_status)

    async def collect(self) -> Sequence[MetricFamily]:
        self._outcomes = await self._runner.run(self._steps, self._collector_timeout)
        self._cpu += sum(outcome.cpu for outcome in self._outcomes)
        for outcome in self._outcomes:
            self._errors.note(outcome.name, outcome.error)
        families = [family for outcome in self._outcomes for family in outcome.value or ()]
        if self._machine is not None:
            self._machine.offer(families)
        return families + self._about(self._outcomes)

    def take_events(self) -> Sequence[Event]:
        return self._machine.take_events() if self._machine is not None else ()

    def events_kept(self) -> None:
        if self._machine is not None:
            self._machine.events_kept()

    def parts(self) -> dict[str, Sequence[MetricFamily]]:
        return {outcome.name: [*(outcome.value or ()), *self._about([outcome])] for outcome in self._outcomes}

    def problems(self) -> dict[str, str]:
        return problems_of(self._outcomes)

    def cpu_seconds(self) -> float:
        return self._cpu

    def close(self) -> None:
        self._runner.close()
        if self._machine is not None:
            self._machine.close()

    def _about(self, outcomes: Sequence[Outcome[_Families]]) -> list[MetricFamily]:
        """The two families that node_exporter has about each collector."""
        duration = gauge("node_scrape_collector_duration_seconds", "node_exporter: Duration of a collector scrape.")
        success = gauge("node_scrape_collector_success", "node_exporter: Whether a collector succeeded.")
        for outcome in outcomes:
            labels = self._labels[outcome.name]
            duration.add(rounded(outcome.duration), labels)
            success.add(1.0 if outcome.error is None else 0.0, labels)
        return [duration, success]


def _step(collector: Collector) -> Step[_Families]:
    return Step(collector.name, lambda: list(collector.collect()))
