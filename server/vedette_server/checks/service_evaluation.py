"""Evaluates one check for the whole fleet: the series of a result become states of services, all at once."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from vedette_server.checks.findings import Findings, QueryResult
from vedette_server.checks.hosts import HostTable
from vedette_server.checks.levels import Floats, States, judge, severity
from vedette_server.checks.services import Keys, ServiceTable
from vedette_server.checks.summary import REMOVED, coarse, service_summary
from vedette_server.checks.transitions import Transition, advance
from vedette_server.notify.alert import Alert
from vedette_server.state.rows import Batch, StateChange
from vedette_server.state.states import HostState, ServiceState

Rows: TypeAlias = NDArray[np.intp]

NO_HOSTS: NDArray[np.intp] = np.zeros(0, np.intp)


@dataclass(frozen=True, slots=True)
class Evaluated:
    """Services with what was found of each; arrays of one length, no service twice."""

    rows: Rows
    states: States
    values: Floats


def evaluate_services(
    table: ServiceTable, hosts: HostTable, result: QueryResult, now: int, floor: int, *, new_only: bool = False
) -> Findings:
    """Take in the result of the check's query, and return what follows.

    Args:
        table: The check's services; changed in place.
        hosts: The hosts; those that are met for the first time are added.
        result: The answer to the check's query.
        now: The time, ms.
        floor: Since when the check has been evaluated without a break; absence before it proves nothing.
        new_only: Look for services that are not known yet, and leave those that are as they are.
    """
    keys, values, met = _admit(table, hosts, result, now)
    fresh = table.unknown(keys)
    if new_only:
        chosen = np.isin(keys, fresh)
        keys, values = keys[chosen], values[chosen]
    table.add(fresh, now)
    new = np.isin(table.keys, fresh) if len(fresh) else np.zeros(len(table.keys), np.bool_)
    present = _worst(table, np.searchsorted(table.keys, keys), values)
    absent = np.zeros(0, np.intp) if new_only else _overdue(table, hosts, present.rows, now, floor)
    findings = _settle(table, hosts, present, absent, new, now)
    return Findings(Batch(hosts=tuple(hosts.export(met.tolist()))), new_hosts=len(met)).then(findings)


def forget_services(table: ServiceTable, hosts: HostTable, gone_hosts: NDArray[np.intp], now: int) -> Findings:
    """Remove the services of hosts that are gone, and those that have been without data for long enough."""
    rows = table.rows
    of_gone_host = np.isin(table.host_ids, gone_hosts)
    is_up = hosts.rows["state"][table.host_ids] == HostState.UP
    late = (rows["missing_since"] > 0) & (now - rows["missing_since"] >= table.check.forget_after) & is_up
    gone = of_gone_host | late
    if not gone.any():
        return Findings()
    summary = f"removed: no data for {coarse(table.check.forget_after)}"
    events, alerts = [], []
    for i in np.flatnonzero(gone).tolist():
        text = f"removed with its host {table.key(i).host}" if of_gone_host[i] else summary
        state = ServiceState(rows["state"][i]).name
        key = table.key(i)
        events.append(StateChange(now, key.host, table.name(i), key.check, state, REMOVED, True, 1, float("nan"), text))
        if rows["notified"][i] != ServiceState.OK:
            rows["hard_state"][i], rows["since"][i] = ServiceState.OK, now
            alerts.append(_alert(table, i, now, text))
    removed = tuple(table.key(i) for i in np.flatnonzero(gone).tolist())
    table.remove(gone)
    return Findings(Batch(removed_services=removed, events=tuple(events)), tuple(alerts))


def is_stale(table: ServiceTable, i: int, now: int) -> bool:
    """Whether the last value of service ``i`` is older than one and a half intervals."""
    return is_old(now - int(table.rows["last_check"][i]), table.check.interval)


def is_old(age: int, interval: int) -> bool:
    """Whether an age is more than one and a half intervals; all in ms."""
    return 2 * age > 3 * interval


def _admit(
    table: ServiceTable, hosts: HostTable, result: QueryResult, now: int
) -> tuple[Keys, Floats, NDArray[np.int64]]:
    """The keys and values of the series that count, and the hosts that were met for the first time."""
    keys = table.keys_of(result.labels)
    counts = keys >= 0
    keys, values = keys[counts], result.values[:, 0][counts]
    ids = keys >> 32
    met = hosts.meet(ids, now)
    host_rows = hosts.rows
    unjudged = ids[~host_rows["judged"][ids]]
    host_rows["seen"][unjudged] = now
    if not table.check.while_down:
        is_up = host_rows["state"][ids] == HostState.UP
        keys, values = keys[is_up], values[is_up]
    return keys, values, met


def _worst(table: ServiceTable, rows: Rows, values: Floats) -> Evaluated:
    """The states of the services; of several series that are one service's, the worst counts."""
    held = table.rows[rows]
    states = judge(values, held["upper_warn"], held["upper_crit"], held["lower_warn"], held["lower_crit"])
    if (rows[1:] > rows[:-1]).all():
        return Evaluated(rows, states, values)
    order = np.lexsort((severity(states), rows))
    rows = rows[order]
    last = np.append(rows[1:] != rows[:-1], True)[: len(rows)]
    return Evaluated(rows[last], states[order][last], values[order][last])


def _overdue(table: ServiceTable, hosts: HostTable, present: Rows, now: int, floor: int) -> Rows:
    """The services that have no data although their host has reported for long enough since they last had."""
    absent = np.ones(len(table.rows), np.bool_)
    absent[present] = False
    rows = np.flatnonzero(absent)
    host_rows = hosts.rows[table.host_ids[rows]]
    expected = np.maximum(table.rows["last_check"][rows], np.maximum(host_rows["since"], floor))
    age = np.minimum(host_rows["seen"], now) - expected
    overdue = 2 * age > 3 * table.check.interval
    chosen: NDArray[np.bool_] = overdue & (host_rows["state"] == HostState.UP)
    return rows[chosen]


def _settle(
    table: ServiceTable, hosts: HostTable, present: Evaluated, absent: Rows, new: NDArray[np.bool_], now: int
) -> Findings:
    """Let the states follow, and say what changed."""
    rows = np.concatenate([present.rows, absent])
    found = np.concatenate([present.states, np.full(len(absent), ServiceState.UNKNOWN, np.int8)])
    held = table.rows[rows]
    is_up = hosts.rows["state"][table.host_ids[rows]] == HostState.UP
    transition = advance(
        held["state"], held["hard_state"], held["attempt"], found, table.check.attempts, at_once=~is_up
    )
    dirty = transition.changed | transition.hardened | (transition.attempt != held["attempt"]) | new[rows]
    _write(table, rows, transition, now)
    dirty |= _note_data(table, present, absent, now)[rows]
    changed = np.flatnonzero(transition.changed | transition.hardened)
    told = rows[(table.rows["hard_state"][rows] != table.rows["notified"][rows]) & is_up]
    summaries = {i: service_summary(table, i, now) for i in np.union1d(rows[changed], told).tolist()}
    events = tuple(
        _change(table, i, previous, now, summaries[i])
        for i, previous in zip(rows[changed].tolist(), held["state"][changed].tolist(), strict=True)
    )
    alerts = tuple(_alert(table, i, now, summaries[i]) for i in told.tolist())
    table.rows["notified"][told] = table.rows["hard_state"][told]
    stored = tuple(table.export(np.union1d(rows[dirty], told).tolist()))
    return Findings(Batch(services=stored, events=events), alerts)


def _write(table: ServiceTable, rows: Rows, transition: Transition, now: int) -> None:
    held = table.rows
    begins = transition.changed & (held["state"][rows] == ServiceState.OK)
    held["problem_since"][rows[begins]] = now
    held["since"][rows[transition.changed]] = now
    held["state"][rows] = transition.state
    held["hard_state"][rows] = transition.hard_state
    held["attempt"][rows] = transition.attempt


def _note_data(table: ServiceTable, present: Evaluated, absent: Rows, now: int) -> NDArray[np.bool_]:
    """Note who had data and who had none; return where that is news, by row."""
    held = table.rows
    before = held["missing_since"].copy()
    held["value"][present.rows] = present.values
    held["last_check"][present.rows] = now
    held["missing_since"][present.rows] = 0
    held["missing_since"][absent] = np.where(before[absent] > 0, before[absent], now)
    held["value"][absent] = np.nan
    news: NDArray[np.bool_] = (before > 0) != (held["missing_since"] > 0)
    return news


def _change(table: ServiceTable, i: int, previous: int, now: int, summary: str) -> StateChange:
    held, key = table.held(i), table.key(i)
    hard = held.state == held.hard_state
    before, state = ServiceState(previous).name, ServiceState(held.state).name
    return StateChange(now, key.host, table.name(i), key.check, before, state, hard, held.attempt, held.value, summary)


def _alert(table: ServiceTable, i: int, now: int, summary: str) -> Alert:
    held, key = table.held(i), table.key(i)
    return Alert(
        kind="service",
        host=key.host,
        service=table.name(i),
        check=key.check,
        labels={"host": key.host, **dict(key.item)},
        state=ServiceState(held.hard_state).name,
        previous_state=ServiceState(held.notified).name,
        time=now,
        since=held.since,
        starts=held.problem_since,
        ends=now if held.hard_state == ServiceState.OK else None,
        summary=summary,
        value=None if math.isnan(held.value) else held.value,
        unit=table.check.unit,
        upper=held.upper,
        lower=held.lower,
        graph=table.graph(i),
    )
