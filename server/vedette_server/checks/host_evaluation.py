"""Decides which hosts are UP and which are DOWN, all at once."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from vedette_server.checks.config import HostsConfig
from vedette_server.checks.findings import Findings, QueryResult
from vedette_server.checks.hosts import HostTable
from vedette_server.checks.summary import REMOVED, coarse, host_summary
from vedette_server.checks.transitions import Transition, advance
from vedette_server.notify.alert import Alert
from vedette_server.state.rows import Batch, StateChange
from vedette_server.state.states import HostState

Ids: TypeAlias = NDArray[np.intp]
Mask: TypeAlias = NDArray[np.bool_]


def evaluate_hosts(config: HostsConfig, hosts: HostTable, result: QueryResult, now: int, floor: int) -> Findings:
    """Take in who was seen when, and return what follows.

    Args:
        config: How UP and DOWN are decided.
        hosts: The hosts; changed in place.
        result: The answer to ``config.seen``.
        now: The time, ms.
        floor: Since when hosts have been looked for without a break; silence before it proves nothing.
    """
    new, sighted, away = _take_in(hosts, result, now)
    rows = hosts.rows
    ids = np.flatnonzero(rows["known"] & rows["judged"])
    old = rows["state"][ids].copy()
    transition = _advance(config, hosts, ids, sighted[ids], away[ids], now, floor)
    dirty = transition.changed | transition.hardened | (transition.attempt != rows["attempt"][ids]) | new[ids]
    _write(hosts, ids, transition, now)
    changed = np.flatnonzero(transition.changed | transition.hardened)
    events = tuple(_change(hosts, int(ids[i]), HostState(old[i]), now) for i in changed)
    told = np.flatnonzero(rows["known"] & (rows["hard_state"] != rows["notified"]))
    alerts = tuple(_alert(hosts, i, now, _news(hosts, i, now)) for i in told.tolist())
    rows["notified"][told] = rows["hard_state"][told]
    stored = tuple(hosts.export(np.union1d(ids[dirty], told).tolist()))
    came_back = transition.changed & (transition.state == HostState.UP)
    return Findings(Batch(hosts=stored, events=events), alerts, int(np.count_nonzero(new[ids] | came_back)))


def forget_hosts(config: HostsConfig, hosts: HostTable, now: int) -> tuple[Ids, Findings]:
    """Remove the hosts that have been DOWN for long enough; return their ids, and what follows."""
    rows = hosts.rows
    is_gone = rows["known"] & (rows["state"] != HostState.UP) & (now - rows["since"] >= config.forget_after)
    silent = rows["known"] & ~rows["judged"] & (now - rows["seen"] >= config.forget_after)
    ids = np.flatnonzero(is_gone | silent)
    summary = f"removed: it has not reported for {coarse(config.forget_after)}"
    events, alerts = [], []
    for host in ids.tolist():
        events.append(_removal(hosts, host, now, summary))
        if rows["notified"][host] != HostState.UP:
            rows["hard_state"][host], rows["since"][host] = HostState.UP, now
            alerts.append(_alert(hosts, host, now, summary))
    rows["known"][ids] = False
    names = tuple(hosts.names[host] for host in ids.tolist())
    return ids, Findings(Batch(removed_hosts=names, events=tuple(events)), tuple(alerts))


def _take_in(hosts: HostTable, result: QueryResult, now: int) -> tuple[Mask, Mask, Mask]:
    """Note who was seen; return which hosts are newly judged, seen, and known to be away, by id."""
    codes, names = result.labels.column("host")
    ids = hosts.ids(names)[codes]
    seconds = np.nan_to_num(result.values[:, 0])[ids >= 0]
    ids = ids[ids >= 0]
    newest = np.zeros(len(hosts), np.int64)
    np.maximum.at(newest, ids, (seconds * 1000).astype(np.int64))
    unknown = hosts.meet(ids, now)
    rows = hosts.rows
    rows["seen"][unknown] = 0
    reported = np.zeros(len(hosts), np.bool_)
    reported[ids] = True
    new = reported & ~rows["judged"]
    rows["judged"][ids] = True
    rows["seen"] = np.minimum(np.maximum(rows["seen"], newest), now)
    return new, newest > 0, reported & (newest == 0)


def _advance(
    config: HostsConfig, hosts: HostTable, ids: Ids, sighted: Mask, away: Mask, now: int, floor: int
) -> Transition:
    rows = hosts.rows[ids]
    is_up = (now - rows["seen"] <= config.silence) & (sighted | (rows["state"] == HostState.UP))
    found = np.where(is_up, HostState.UP, HostState.DOWN).astype(np.int8)
    if now - floor <= config.silence:
        found = np.where(found == HostState.UP, found, rows["state"])
    found[away] = HostState.DOWN
    return advance(rows["state"], rows["hard_state"], rows["attempt"], found, config.attempts)


def _write(hosts: HostTable, ids: Ids, transition: Transition, now: int) -> None:
    rows = hosts.rows
    begins = transition.changed & (rows["state"][ids] == HostState.UP)
    rows["problem_since"][ids[begins]] = now
    rows["since"][ids[transition.changed]] = now
    rows["state"][ids] = transition.state
    rows["hard_state"][ids] = transition.hard_state
    rows["attempt"][ids] = transition.attempt


def _news(hosts: HostTable, host: int, now: int) -> str:
    row = hosts.rows[host]
    if row["hard_state"] != HostState.UP:
        return host_summary(hosts, host, now)
    return f"reports again after {coarse(now - int(row['problem_since']))}"


def _change(hosts: HostTable, host: int, previous: HostState, now: int) -> StateChange:
    row = hosts.rows[host]
    return StateChange(
        now,
        hosts.names[host],
        "",
        "",
        previous.name,
        HostState(row["state"]).name,
        bool(row["state"] == row["hard_state"]),
        int(row["attempt"]),
        float("nan"),
        host_summary(hosts, host, now),
    )


def _removal(hosts: HostTable, host: int, now: int, summary: str) -> StateChange:
    state = HostState(hosts.rows["state"][host]).name
    return StateChange(now, hosts.names[host], "", "", state, REMOVED, True, 1, float("nan"), summary)


def _alert(hosts: HostTable, host: int, now: int, summary: str) -> Alert:
    row, name = hosts.rows[host], hosts.names[host]
    state = HostState(row["hard_state"])
    return Alert(
        kind="host",
        host=name,
        labels={"host": name},
        state=state.name,
        previous_state=HostState(row["notified"]).name,
        time=now,
        since=int(row["since"]),
        starts=int(row["problem_since"]),
        ends=now if state == HostState.UP else None,
        summary=summary,
    )
