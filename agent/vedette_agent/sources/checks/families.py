"""The series of checks: states, values and levels."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from vedette_agent.sources.checks.values import CheckResult, Measure
from vedette_shared.labels import Labels, make_labels
from vedette_shared.metrics import MetricFamily, gauge

_LEVELS: tuple[tuple[str, str, Callable[[Measure], float | None]], ...] = (
    ("check_warn_lower", "A value below is WARN.", lambda measure: measure.warn.lower),
    ("check_warn_upper", "A value above is WARN.", lambda measure: measure.warn.upper),
    ("check_crit_lower", "A value below is CRIT.", lambda measure: measure.crit.lower),
    ("check_crit_upper", "A value above is CRIT.", lambda measure: measure.crit.upper),
    ("check_min", "The least that the value can be.", lambda measure: measure.minimum),
    ("check_max", "The most that the value can be.", lambda measure: measure.maximum),
)


def check_families(results: Sequence[tuple[CheckResult, float]]) -> list[MetricFamily]:
    """Return the families of ``results``, each with its age in seconds. Of two checks of one name the first counts."""
    state = gauge("check_state", "State of a check: 0 OK, 1 WARN, 2 CRIT, 3 UNKNOWN.")
    age = gauge("check_age_seconds", "Since the check was made.")
    good_for = gauge("check_cached_seconds", "For how long the check says that its result is good.")
    values = gauge("check_value", "A value that a check has measured.")
    levels = {name: gauge(name, text) for name, text, _ in _LEVELS}
    seen: set[Labels] = set()
    for result, seconds in results:
        labels = make_labels(check=result.name)
        if labels in seen:
            continue
        seen.add(labels)
        state.add(float(result.state), labels)
        age.add(seconds, labels)
        if result.cached_for:
            good_for.add(result.cached_for, labels)
        for measure in result.measures:
            _add_measure(result.name, measure, values, levels, seen)
    return [family for family in (state, age, good_for, values, *levels.values()) if family.samples]


def _add_measure(
    check: str, measure: Measure, values: MetricFamily, levels: dict[str, MetricFamily], seen: set[Labels]
) -> None:
    labels = make_labels(check=check, metric=measure.name)
    if labels in seen:
        return
    seen.add(labels)
    values.add(measure.value, make_labels(check=check, metric=measure.name, unit=measure.unit))
    for name, _, level_of in _LEVELS:
        level = level_of(measure)
        if level is not None:
            levels[name].add(level, labels)
