"""The states of services and hosts, with the numbers that Nagios and Check_MK give them."""

from __future__ import annotations

import enum


class ServiceState(enum.IntEnum):
    """How a service is. The numbers are plugin exit codes; they are not in the order of severity."""

    OK = 0
    WARN = 1
    CRIT = 2
    UNKNOWN = 3

    @property
    def severity(self) -> int:
        """The rank in OK < WARN < UNKNOWN < CRIT."""
        return SEVERITY[self]


class HostState(enum.IntEnum):
    """How a host is; UNREACH is a host behind others that are not up."""

    UP = 0
    DOWN = 1
    UNREACH = 2


SEVERITY = (0, 1, 3, 2)
"""The severity of each service state, by its number."""

GOOD_STATES = frozenset({ServiceState.OK.name, HostState.UP.name})
"""The names of the states that are no problem."""
