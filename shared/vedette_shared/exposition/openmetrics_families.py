"""Families of metrics under the names that OpenMetrics gives them: what a page says of them before their samples."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Protocol

from vedette_shared.exposition.openmetrics_rules import SUFFIXES, WITHOUT_UNIT
from vedette_shared.labels import is_legacy_metric_name, quote
from vedette_shared.metrics import MetricType

_NAME_ENDS_IN = {MetricType.COUNTER: "_total", MetricType.INFO: "_info"}


class Described(Protocol):
    """What is said of a family, under the name that the text format has for it."""

    @property
    def name(self) -> str: ...
    @property
    def type(self) -> MetricType: ...
    @property
    def help(self) -> str: ...
    @property
    def unit(self) -> str: ...


@dataclass(frozen=True, slots=True)
class FamilyHead:
    """A family as a page shows it.

    Attributes:
        name: Without ``_total`` or ``_info``.
        type: Of type unknown where its name does not fit its type.
        names: All that samples of it may be called, and the name itself: no other family may have any of them.
        text: Its lines ``# HELP``, ``# TYPE`` and ``# UNIT``.
    """

    name: str
    type: MetricType
    names: frozenset[str]
    text: str


def family_head(family: Described, taken: AbstractSet[str] = frozenset()) -> FamilyHead:
    """Return the head of a family; as of type unknown where OpenMetrics forbids its name.

    Args:
        family: What is said of it.
        taken: Names that other families of the page have.
    """
    kind = MetricType(family.type)
    ending = _NAME_ENDS_IN.get(kind, "")
    name = family.name.removesuffix(ending)
    names = frozenset({name, *(name + suffix for suffix in SUFFIXES[kind])})
    if not family.name.endswith(ending) or not name or names & taken:
        name, kind, names = family.name, MetricType.UNKNOWN, frozenset({family.name})
    shown = name if is_legacy_metric_name(name) else quote(name)
    lines = [f"# HELP {shown} {quote(family.help)[1:-1]}\n"] if family.help else []
    lines.append(f"# TYPE {shown} {kind.value}\n")
    if family.unit and kind not in WITHOUT_UNIT and name.endswith(f"_{family.unit}"):
        lines.append(f"# UNIT {shown} {family.unit}\n")
    return FamilyHead(name, kind, names, "".join(lines))
