"""The configuration of checks: ``[[check]]`` and ``[hosts]``."""

from __future__ import annotations

import math
import re

import msgspec

from vedette_server.checks.template import Template
from vedette_server.promql.regex import AnchoredRegex, RegexError
from vedette_shared.config import Duration

_NAME = re.compile(r"[a-z][a-z0-9_]*")
_SECOND_MS, _MINUTE_MS, _DAY_MS = 1_000, 60_000, 86_400_000


class Override(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Other levels for some services; the first entry that matches counts, and replaces both sides.

    Attributes:
        match: Labels (``host`` and those in the service's name) and the regular expressions (RE2, anchored) that all
            of them must match.
        upper: ``[warn, crit]`` in place of the check's; empty for none.
        lower: The same for the lower levels.
    """

    match: dict[str, str]
    upper: tuple[float, ...] = ()
    lower: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        if not self.match:
            raise ValueError('match must name a label at least, like match = { host = "db.*" }')
        for name, pattern in self.match.items():
            try:
                AnchoredRegex(pattern)
            except RegexError as error:
                raise ValueError(f"match.{name}: {error}") from error
        _require_levels(self.upper, self.lower)


class Check(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One check, evaluated for the whole fleet in one query.

    Attributes:
        name: Its name; an entry with the name of an earlier one is laid over it, key by key.
        service: The name of its services, with labels in braces; those labels tell its items apart.
        query: PromQL; each series of the result that bears ``host`` is one service's value.
        unit: ``%``, ``B``, ``B/s``, ``s``, or anything to be written behind the value.
        upper: ``[warn, crit]``: the service is WARN or CRIT where the value is as high.
        lower: ``[warn, crit]``: the service is WARN or CRIT where the value is lower.
        summary: What the service says: ``{value}`` and labels in braces.
        interval: How often it is evaluated.
        attempts: How many evaluations in a row must find a problem before it counts (``max_check_attempts``).
        graph: PromQL for the graphs of the services, narrowed to one service when shown; by default ``query``.
        override: Other levels for some services.
        while_down: Whether it is evaluated for hosts that are not UP, since it is fed by another way than the host.
        forget_after: A service is removed when it has had no data for so long.
        enabled: Whether it is evaluated at all.
    """

    name: str
    service: str
    query: str
    unit: str = ""
    upper: tuple[float, ...] = ()
    lower: tuple[float, ...] = ()
    summary: str = "{value}"
    interval: Duration = Duration(_MINUTE_MS)
    attempts: int = 1
    graph: str = ""
    override: tuple[Override, ...] = ()
    while_down: bool = False
    forget_after: Duration = Duration(_DAY_MS)
    enabled: bool = True

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise ValueError(f"name {self.name!r} must be of small letters, digits and underscores, like disk_io")
        if not self.service.strip():
            raise ValueError("service must not be empty")
        if "host" in Template(self.service).names:
            raise ValueError("service must not hold {host}: every service belongs to its host already")
        Template(self.summary)
        _require_levels(self.upper, self.lower)
        if self.interval < _SECOND_MS:
            raise ValueError("interval must be at least 1s")
        if self.attempts < 1:
            raise ValueError("attempts must be at least 1")
        if self.forget_after < self.interval:
            raise ValueError("forget_after must be no shorter than interval")


class HostsConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How it is decided whether a host is UP or DOWN.

    Attributes:
        seen: PromQL, by ``host``: when the host last reported, in seconds since the epoch; 0 where it is known to be
            away.
        interval: How often it is evaluated.
        silence: A host is DOWN when it has not reported for so long.
        attempts: How many evaluations in a row must find it DOWN before it counts.
        forget_after: A host is removed, with its services, when it has been DOWN for so long.
    """

    seen: str = 'max by (host) (timestamp(up{job!="ipmi"}) * (up{job!="ipmi"} > bool 0))'
    interval: Duration = Duration(15 * _SECOND_MS)
    silence: Duration = Duration(_MINUTE_MS)
    attempts: int = 1
    forget_after: Duration = Duration(7 * _DAY_MS)

    def __post_init__(self) -> None:
        if self.interval < _SECOND_MS:
            raise ValueError("interval must be at least 1s")
        if self.silence < self.interval:
            raise ValueError("silence must be no shorter than interval")
        if self.attempts < 1:
            raise ValueError("attempts must be at least 1")
        if self.forget_after < self.silence:
            raise ValueError("forget_after must be no shorter than silence")


def _require_levels(upper: tuple[float, ...], lower: tuple[float, ...]) -> None:
    for name, levels in (("upper", upper), ("lower", lower)):
        if len(levels) not in (0, 2) or any(math.isnan(level) for level in levels):
            raise ValueError(f"{name} must be two numbers, [warn, crit], or empty")
    if upper and upper[0] > upper[1]:
        raise ValueError("upper must have warn first, no higher than crit; inf for a level that never applies")
    if lower and lower[0] < lower[1]:
        raise ValueError("lower must have warn first, no lower than crit; -inf for a level that never applies")


class ChecksConfig(msgspec.Struct, frozen=True):
    """All checks that are to be evaluated, and the hosts' own."""

    checks: tuple[Check, ...]
    hosts: HostsConfig = HostsConfig()
