"""The source of custom collectors: each in the thread they share, within its time, its failure its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from vedette_agent.errors import CollectorError
from vedette_agent.sources.custom.convert import convert_families
from vedette_agent.sources.custom.load import Collect, find_entry_points, find_files, load_entry_point, load_file
from vedette_agent.sources.error_log import ErrorLog, problems_of
from vedette_agent.sources.interface import PlainSource
from vedette_agent.sources.serial import Outcome, SerialRunner, Step
from vedette_agent.sources.timing import rounded
from vedette_shared.labels import make_labels
from vedette_shared.metrics import MetricFamily, gauge

_Families = list[MetricFamily]


class CustomSource(PlainSource):
    """Collectors of the files in ``folder`` and of entry points. A file that is new or changed is loaded anew."""

    name = "custom"
    job = "node"
    reports_up = False

    def __init__(
        self,
        folder: Path | None,
        *,
        entry_points: bool,
        interval_ms: int,
        timeout: float,
        collector_timeout: float,
    ) -> None:
        super().__init__()
        self.interval_ms = interval_ms
        self.timeout = timeout
        self._folder = folder
        self._collector_timeout = collector_timeout
        self._runner: SerialRunner[_Families] = SerialRunner("custom")
        self._errors = ErrorLog("collector")
        self._loaded: dict[Path, tuple[int, Step[_Families]]] = {}
        self._points = [
            Step(point.name, _Lazy(lambda point=point: load_entry_point(point)))  # type: ignore[misc]  # bound early
            for point in (find_entry_points() if entry_points else [])
        ]
        self._cpu = 0.0
        self._outcomes: list[Outcome[_Families]] = []

    async def collect(self) -> Sequence[MetricFamily]:
        self._outcomes = await self._runner.run([*self._files(), *self._points], self._collector_timeout)
        self._cpu += sum(outcome.cpu for outcome in self._outcomes)
        for outcome in self._outcomes:
            self._errors.note(outcome.name, outcome.error)
        families = [family for outcome in self._outcomes for family in outcome.value or ()]
        return families + _about(self._outcomes)

    def parts(self) -> dict[str, Sequence[MetricFamily]]:
        return {outcome.name: [*(outcome.value or ()), *_about([outcome])] for outcome in self._outcomes}

    def problems(self) -> dict[str, str]:
        return problems_of(self._outcomes)

    def cpu_seconds(self) -> float:
        return self._cpu

    def close(self) -> None:
        self._runner.close()

    def _files(self) -> list[Step[_Families]]:
        if self._folder is None:
            return []
        try:
            found = {path: path.stat().st_mtime_ns for path in find_files(self._folder)}
        except OSError as error:
            raise CollectorError(f"{self._folder}: {error.strerror}") from error
        before = self._loaded
        self._loaded = {
            path: before[path] if path in before and before[path][0] == changed else (changed, _file_step(path))
            for path, changed in found.items()
        }
        return [step for _, step in self._loaded.values()]


def _file_step(path: Path) -> Step[_Families]:
    return Step(path.stem, _Lazy(lambda: load_file(path)))


class _Lazy:
    """Loads collectors at the first call, in the thread where they will run, and calls them at every one."""

    def __init__(self, load: Callable[[], list[Collect]]) -> None:
        self._load = load
        self._collects: list[Collect] | None = None

    def __call__(self) -> _Families:
        if self._collects is None:
            self._collects = self._load()
        return [family for collect in self._collects for family in convert_families(collect())]


def _about(outcomes: Sequence[Outcome[_Families]]) -> _Families:
    success = gauge("vedette_agent_collector_success", "Whether a custom collector succeeded.")
    duration = gauge("vedette_agent_collector_duration_seconds", "How long a custom collector took.")
    for outcome in outcomes:
        labels = make_labels(collector=outcome.name)
        success.add(1.0 if outcome.error is None else 0.0, labels)
        duration.add(rounded(outcome.duration), labels)
    return [success, duration] if outcomes else []
