"""Checks: queries over the fleet whose values, compared with levels, are the states of services and hosts.

checks = load_checks(documents, parse)
cycle = CheckCycle(checks, parse, clock.now_ms())
cycle.restore(await store.hosts(), await store.services())
await nursery.start(run_checks, cycle, query_of(engine, querier), publish, clock)
Fleet(cycle, clock).hosts()
"""

from vedette_server.checks.config import Check, ChecksConfig, HostsConfig, Override
from vedette_server.checks.cycle import CheckCycle
from vedette_server.checks.findings import Findings, QueryFunction, QueryResult
from vedette_server.checks.fleet import Fleet, HostStatus, LevelsStatus, ServiceStatus
from vedette_server.checks.load import load_checks
from vedette_server.checks.metrics import fleet_families
from vedette_server.checks.run import query_of, run_checks

__all__ = [
    "Check",
    "CheckCycle",
    "ChecksConfig",
    "Findings",
    "Fleet",
    "HostStatus",
    "HostsConfig",
    "LevelsStatus",
    "Override",
    "QueryFunction",
    "QueryResult",
    "ServiceStatus",
    "fleet_families",
    "load_checks",
    "query_of",
    "run_checks",
]
