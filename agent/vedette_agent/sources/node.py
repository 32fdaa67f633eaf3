"""The node: all collectors of ``collectors.registry``, with the two series about each that node_exporter has."""

from __future__ import annotations

from collections.abc import Sequence

from vedette_agent.collectors.interface import Collector
from vedette_agent.errors import NoDataError
from vedette_agent.sources.serial import Outcome, SerialRunner, Step
from vedette_shared.labels import Labels, make_labels
from vedette_shared.logs import get_logger
from vedette_shared.metrics import MetricFamily, gauge

_log = get_logger(__name__)

NODE = "node"

_Families = list[MetricFamily]


class NodeSource:
    """Collects the host. A collector that fails, or overruns its time, shows as such and harms no other."""

    name = NODE
    job = NODE
    on_demand = True
    reports_up = True

    def __init__(
        self, collectors: Sequence[Collector], *, interval_ms: int, timeout: float, collector_timeout: float
    ) -> None:
        self.interval_ms = interval_ms
        self.timeout = timeout
        self._collector_timeout = collector_timeout
        self._steps = [_step(collector) for collector in collectors]
        self._labels: dict[str, Labels] = {step.name: make_labels(collector=step.name) for step in self._steps}
        self._runner: SerialRunner[_Families] = SerialRunner("collectors")
        self._errors: dict[str, str] = {}

    async def collect(self) -> Sequence[MetricFamily]:
        duration = gauge("node_scrape_collector_duration_seconds", "node_exporter: Duration of a collector scrape.")
        success = gauge("node_scrape_collector_success", "node_exporter: Whether a collector succeeded.")
        families: _Families = []
        for outcome in await self._runner.run(self._steps, self._collector_timeout):
            labels = self._labels[outcome.name]
            duration.add(outcome.duration, labels)
            success.add(1.0 if outcome.error is None else 0.0, labels)
            families += outcome.value or ()
            self._note(outcome)
        return [*families, duration, success]

    def close(self) -> None:
        self._runner.close()

    def _note(self, outcome: Outcome[_Families]) -> None:
        """Log an error when it comes and when it goes, not at every collection."""
        if isinstance(outcome.error, NoDataError):
            _log.debug("nothing to collect", collector=outcome.name, reason=outcome.error)
        elif outcome.error is not None:
            # The text of an overrun tells its duration, and so differs each time.
            kind = type(outcome.error).__name__
            if self._errors.get(outcome.name) != kind:
                _log.warning("collector failed", collector=outcome.name, error=outcome.error)
            self._errors[outcome.name] = kind
        elif self._errors.pop(outcome.name, None):
            _log.info("collector works again", collector=outcome.name)


def _step(collector: Collector) -> Step[_Families]:
    return Step(collector.name, lambda: list(collector.collect()))
