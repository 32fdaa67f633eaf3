"""The state of the whole fleet: results of queries and a time in, changes and alerts out. No I/O."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from vedette_server.checks.config import Check, ChecksConfig
from vedette_server.checks.findings import Findings, QueryResult
from vedette_server.checks.host_evaluation import evaluate_hosts, forget_hosts
from vedette_server.checks.hosts import HostTable
from vedette_server.checks.load import Parse
from vedette_server.checks.service_evaluation import NO_HOSTS, evaluate_services, forget_services, is_old
from vedette_server.checks.services import ServiceTable
from vedette_server.promql.nodes import Expr
from vedette_server.state.rows import Batch, HostRow, ServiceRow


class CheckCycle:
    """Holds every host and every service, and evaluates them. For one thread at a time."""

    def __init__(self, config: ChecksConfig, parse: Parse, now: int) -> None:
        """Begin with an empty fleet; ``now`` is the time in ms, ``parse`` as for ``load_checks``."""
        self.config = config
        self.hosts = HostTable()
        self.seen: Expr = parse(config.hosts.seen)
        self.queries: Mapping[str, Expr] = {check.name: parse(check.query) for check in config.checks}
        self.tables: Mapping[str, ServiceTable] = {
            check.name: ServiceTable(check, parse(check.graph) if check.graph else self.queries[check.name], self.hosts)
            for check in config.checks
        }
        self._hosts_watch = _Watch(config.hosts.interval, now)
        self._watches = {check.name: _Watch(check.interval, now) for check in config.checks}

    @property
    def checks(self) -> Iterable[Check]:
        """The checks, in the order of their declaration."""
        return self.config.checks

    def restore(self, hosts: Iterable[HostRow], services: Iterable[ServiceRow]) -> Findings:
        """Take in what was known before a restart; what no check stands for any more is removed."""
        self.hosts.restore(hosts)
        strange = []
        by_check: dict[str, list[ServiceRow]] = {}
        for row in services:
            by_check.setdefault(row.key.check, []).append(row)
        for check, rows in by_check.items():
            table = self.tables.get(check)
            strange += [row.key for row in rows] if table is None else table.restore(rows)
        return Findings(Batch(removed_services=tuple(strange)))

    def see_hosts(self, result: QueryResult, now: int) -> Findings:
        """Take in the answer to ``self.seen``, asked for at ``now`` (ms)."""
        floor = self._hosts_watch.floor(now)
        findings = evaluate_hosts(self.config.hosts, self.hosts, result, now, floor)
        gone, forgotten = forget_hosts(self.config.hosts, self.hosts, now)
        findings = findings.then(forgotten)
        if len(gone):
            for table in self.tables.values():
                findings = findings.then(forget_services(table, self.hosts, gone, now))
        return findings

    def evaluate(self, check: str, result: QueryResult, now: int) -> Findings:
        """Take in the answer to the query of a check, asked for at ``now`` (ms)."""
        table, floor = self.tables[check], self._watches[check].floor(now)
        findings = evaluate_services(table, self.hosts, result, now, floor)
        return findings.then(forget_services(table, self.hosts, NO_HOSTS, now))

    def discover(self, check: str, result: QueryResult, now: int) -> Findings:
        """As ``evaluate``, between two evaluations: only services that are not known yet are looked at."""
        return evaluate_services(self.tables[check], self.hosts, result, now, now, new_only=True)


class _Watch:
    """Knows since when something has been looked at without a break, so that absence before that proves nothing."""

    def __init__(self, interval: int, now: int) -> None:
        self._interval = interval
        self._last = self._floor = now

    def floor(self, now: int) -> int:
        """Note that it is looked at now, and return since when it has been without a break."""
        if now < self._last or is_old(now - self._last, self._interval):
            self._floor = now
        self._last = now
        return self._floor
