"""How bad a state is, and what bears it. States are words first; colour only repeats them."""

from __future__ import annotations

from vedette_tui.client import Host, Service
from vedette_tui.spans import Span

PROBLEMS = ("CRIT", "UNKNOWN", "WARN")
"""The states of a service that are problems, worst first."""

_HOST_RANKS = {"DOWN": 2, "UNREACH": 1, "UP": 0}
_SERVICE_RANKS = {"CRIT": 3, "UNKNOWN": 2, "WARN": 1, "OK": 0}


SEVERITIES = ("info", "warning", "critical")
"""How much an event matters, from the least to the most."""
PROBLEM_SEVERITIES = SEVERITIES[1:]

_SEVERITY_KINDS = {"critical": "crit", "warning": "warn"}


def severity_span(severity: str) -> Span:
    """Return a severity's word in its colour."""
    return Span(severity, _SEVERITY_KINDS.get(severity, "dim"))


def state_span(state: str) -> Span:
    """Return a state's word in its colour."""
    return Span(state, state.lower())


def host_severity(host: Host) -> tuple[int, ...]:
    """Return a key that is greater for a worse host: its own state, then its services in CRIT, UNKNOWN, WARN."""
    return (_HOST_RANKS[host.state], *(host.services.get(state, 0) for state in PROBLEMS))


def service_severity(service: Service) -> tuple[int, bool]:
    """Return a key that is greater for a worse service: its state, then hard before soft."""
    return (_SERVICE_RANKS[service.state], service.hard)


def has_problem(host: Host) -> bool:
    """Whether the host or one of its services needs a look."""
    return any(host_severity(host))


def problem_count(host: Host) -> int:
    """Return how many services of the host are not OK."""
    return sum(host.services.get(state, 0) for state in PROBLEMS)
