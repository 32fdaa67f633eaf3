"""The services of one check, as columns, in the order of their keys."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from vedette_server.checks.config import Check, Override
from vedette_server.checks.graph import narrowed
from vedette_server.checks.hosts import HostTable
from vedette_server.checks.template import Template
from vedette_server.promql.columns import group_columns
from vedette_server.promql.format import format_query
from vedette_server.promql.nodes import Expr
from vedette_server.promql.regex import AnchoredRegex
from vedette_server.state.rows import ServiceKey, ServiceRow
from vedette_server.storage.interface import LabelColumns
from vedette_shared.labels import Labels, make_labels, quote

Keys: TypeAlias = NDArray[np.int64]

HOST_SHIFT = 32
_ITEM_MASK = (1 << HOST_SHIFT) - 1
_LEVELS = ("upper_warn", "upper_crit", "lower_warn", "lower_crit")
_STORED = 9
"""How many of the columns are stored; the levels follow from the check."""

_ANY_HOST = "\0"

_FIELDS = [
    ("state", np.int8),
    ("hard_state", np.int8),
    ("attempt", np.int32),
    ("since", np.int64),
    ("problem_since", np.int64),
    ("last_check", np.int64),
    ("missing_since", np.int64),
    ("notified", np.int8),
    ("value", np.float64),
    *((level, np.float64) for level in _LEVELS),
]


class Held(NamedTuple):
    """The columns of one service, as Python values."""

    state: int
    hard_state: int
    attempt: int
    since: int
    problem_since: int
    last_check: int
    missing_since: int
    notified: int
    value: float
    upper_warn: float
    upper_crit: float
    lower_warn: float
    lower_crit: float

    @property
    def upper(self) -> tuple[float, ...]:
        """The upper levels, ``(warn, crit)`` or nothing."""
        return () if math.isnan(self.upper_warn) else (self.upper_warn, self.upper_crit)

    @property
    def lower(self) -> tuple[float, ...]:
        """The lower levels, ``(warn, crit)`` or nothing."""
        return () if math.isnan(self.lower_warn) else (self.lower_warn, self.lower_crit)


class ServiceTable:
    """The services of one check. ``keys`` ascend: a host's id, shifted, and an item's id; ``rows`` go with them.

    ``rows`` has the columns of ``ServiceRow`` and the levels (NaN for none) that hold for each service.
    """

    def __init__(self, check: Check, graph: Expr, hosts: HostTable) -> None:
        """Begin without a service; ``graph`` is the expression that graphs of the services are made of."""
        self.check = check
        self.summary = Template(check.summary)
        self.keys: Keys = np.zeros(0, np.int64)
        self.rows: NDArray[np.void] = np.zeros(0, np.dtype(_FIELDS))
        self._hosts = hosts
        self._graph = graph
        self._graphs: dict[Labels, tuple[str, ...]] = {}
        self._name = Template(check.service)
        self._items: list[Labels] = []
        self._item_ids: dict[tuple[str, ...], int] = {}
        self._overrides = [_compile(override) for override in check.override]

    @property
    def host_ids(self) -> NDArray[np.int64]:
        """The host of each service."""
        return self.keys >> HOST_SHIFT

    def keys_of(self, labels: LabelColumns) -> Keys:
        """Return the key of each series, int64 of shape (n,); negative for a series that bears no ``host``."""
        codes, names = labels.column("host")
        items = [labels.column(name) for name in self._name.names]
        groups, first = group_columns(items, len(labels))
        item_ids = np.fromiter(
            (self._item_id(tuple(values[codes[row]] for codes, values in items)) for row in first), np.int64, len(first)
        )
        return (self._hosts.ids(names)[codes] << HOST_SHIFT) | item_ids[groups]

    def unknown(self, keys: Keys) -> Keys:
        """Those of ``keys`` that no service has yet, each once, ascending."""
        if not len(self.keys):
            return np.unique(keys)
        places = np.minimum(np.searchsorted(self.keys, keys), len(self.keys) - 1)
        return np.unique(keys[self.keys[places] != keys])

    def add(self, keys: Keys, now: int) -> None:
        """Add services that are OK since ``now``; ``keys`` ascend and are new."""
        fresh = np.zeros(len(keys), self.rows.dtype)
        fresh["attempt"], fresh["since"], fresh["last_check"], fresh["value"] = 1, now, now, math.nan
        self._set_levels(fresh, keys)
        self._merge(keys, fresh)

    def restore(self, stored: Sequence[ServiceRow]) -> list[ServiceKey]:
        """Take in what was known before a restart; return what does not fit the check or the hosts any more."""
        entries: dict[int, ServiceRow] = {}
        strange = []
        for row in stored:
            host = self._hosts.id_of(row.key.host)
            values = dict(row.key.item)
            if host is None or not values.keys() <= set(self._name.names):
                strange.append(row.key)
                continue
            item = self._item_id(tuple(values.get(name, "") for name in self._name.names))
            entries[host << HOST_SHIFT | item] = row
        keys = np.array(sorted(entries), np.int64)
        rows = np.zeros(len(keys), self.rows.dtype)
        for i, key in enumerate(keys.tolist()):
            rows[i] = (*_stored(entries[key]), *(math.nan,) * len(_LEVELS))
        self._set_levels(rows, keys)
        self._merge(keys, rows)
        return strange

    def export(self, indices: Iterable[int]) -> Iterator[ServiceRow]:
        """The rows of some services as they are stored."""
        for i in indices:
            state, hard, attempt, since, problem, checked, missing, notified, value, *_ = self.held(i)
            yield ServiceRow(self.key(i), state, hard, attempt, since, problem, checked, missing, notified, value)

    def remove(self, gone: NDArray[np.bool_]) -> None:
        """Forget the services where ``gone`` is set, of shape (n,)."""
        self.keys, self.rows = self.keys[~gone], self.rows[~gone]

    def of_host(self, host: int) -> range:
        """The indices of the services of a host."""
        start, end = np.searchsorted(self.keys, [host << HOST_SHIFT, (host + 1) << HOST_SHIFT])
        return range(int(start), int(end))

    def held(self, i: int) -> Held:
        """The columns of service ``i``."""
        return Held._make(self.rows[i].item())

    def key(self, i: int) -> ServiceKey:
        """What names service ``i`` for good."""
        return ServiceKey(self.host(i), self.check.name, self.item(i))

    def host(self, i: int) -> str:
        """The host of service ``i``."""
        return self._hosts.names[int(self.keys[i]) >> HOST_SHIFT]

    def item(self, i: int) -> Labels:
        """The labels of the item of service ``i``."""
        return self._items[int(self.keys[i]) & _ITEM_MASK]

    def name(self, i: int) -> str:
        """The name of service ``i``."""
        return self._name.render(dict(self.item(i)))

    def graph(self, i: int) -> str:
        """PromQL for the graph of service ``i``."""
        item = self.item(i)
        parts = self._graphs.get(item)
        if parts is None:
            # The texts for one item differ in the host alone, so they are made once and filled in.
            text = format_query(narrowed(self._graph, {"host": _ANY_HOST, **dict(item)}))
            parts = self._graphs[item] = tuple(text.split(quote(_ANY_HOST)))
        return quote(self.host(i)).join(parts)

    def _item_id(self, values: tuple[str, ...]) -> int:
        found = self._item_ids.get(values)
        if found is None:
            found = self._item_ids[values] = len(self._items)
            self._items.append(make_labels(zip(self._name.names, values, strict=True)))
        return found

    def _merge(self, keys: Keys, rows: NDArray[np.void]) -> None:
        places = np.searchsorted(self.keys, keys)
        self.keys = np.insert(self.keys, places, keys)
        self.rows = np.insert(self.rows, places, rows)

    def _set_levels(self, rows: NDArray[np.void], keys: Keys) -> None:
        for name, level in zip(_LEVELS, _levels(self.check), strict=True):
            rows[name] = level
        if not self._overrides:
            return
        for i, key in enumerate(keys.tolist()):
            labels = {"host": self._hosts.names[key >> HOST_SHIFT], **dict(self._items[key & _ITEM_MASK])}
            for conditions, levels in self._overrides:
                if all(regex.matches(labels.get(name, "")) for name, regex in conditions):
                    for name, level in zip(_LEVELS, levels, strict=True):
                        rows[name][i] = level
                    break


def _stored(row: ServiceRow) -> tuple[Any, ...]:
    return tuple(getattr(row, name) for name in Held._fields[:_STORED])


def _levels(source: Check | Override) -> tuple[float, ...]:
    none = (math.nan, math.nan)
    return (*(source.upper or none), *(source.lower or none))


def _compile(override: Override) -> tuple[list[tuple[str, AnchoredRegex]], tuple[float, ...]]:
    return [(name, AnchoredRegex(pattern)) for name, pattern in override.match.items()], _levels(override)
