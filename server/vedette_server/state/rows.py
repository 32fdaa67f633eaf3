"""The rows of the database as frozen values. States are numbers here; ``states`` names them."""

from __future__ import annotations

import enum
from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import NamedTuple

from vedette_shared.labels import Labels


class ServiceKey(NamedTuple):
    """What names a service for good: its host, its check, and the labels of its item."""

    host: str
    check: str
    item: Labels


@dataclass(frozen=True, slots=True)
class ServiceRow:
    """What a service must not forget over a restart. All times are ms since the epoch, 0 for never.

    Attributes:
        key: Which service.
        state: As last evaluated.
        hard_state: As it last counted.
        attempt: How many evaluations in a row led to ``state``, at most the check's attempts.
        since: When ``state`` began.
        problem_since: When it last left OK; 0 while it is OK.
        last_check: When it last had a value.
        missing_since: When it went UNKNOWN for want of data; 0 while it has data.
        notified: The hard state that was last handed to notification.
        value: The last value; NaN for none.
    """

    key: ServiceKey
    state: int
    hard_state: int
    attempt: int
    since: int
    problem_since: int
    last_check: int
    missing_since: int
    notified: int
    value: float


@dataclass(frozen=True, slots=True)
class HostRow:
    """What a host must not forget over a restart; times as in ``ServiceRow``.

    Attributes:
        seen: When it last reported.
        judged: Whether it has ever reported what decides UP and DOWN; a host that has not counts as UP.
    """

    host: str
    state: int
    hard_state: int
    attempt: int
    since: int
    problem_since: int
    seen: int
    notified: int
    judged: bool


@dataclass(frozen=True, slots=True)
class StateChange:
    """One change of a state, for the history; ``service`` and ``check`` are empty for a host."""

    time: int
    host: str
    service: str
    check: str
    previous: str
    state: str
    hard: bool
    attempt: int
    value: float
    summary: str


class Outcome(enum.Enum):
    """How a notification ended."""

    DELIVERED = "delivered"
    DROPPED = "dropped"


@dataclass(frozen=True, slots=True)
class QueuedRow:
    """A notification that is to be sent.

    Attributes:
        id: Names it for ever, to the receiver too.
        method: The name of the method that sends it.
        subject: What it is about; notifications of one method about one subject are sent in order.
        created: ms.
        payload: The alert, as MessagePack; opaque here.
        attempts: How often it was tried in vain.
    """

    id: str
    method: str
    subject: str
    created: int
    payload: bytes
    attempts: int = 0


@dataclass(frozen=True, slots=True)
class ToldRow:
    """The state that a method was last told of; OK and UP forget it."""

    method: str
    subject: str
    state: str


@dataclass(frozen=True, slots=True)
class Batch:
    """Changes that become durable together, or not at all.

    Removals come first; then rows take the place of those with the same key.
    """

    hosts: tuple[HostRow, ...] = ()
    services: tuple[ServiceRow, ...] = ()
    removed_hosts: tuple[str, ...] = ()
    removed_services: tuple[ServiceKey, ...] = ()
    events: tuple[StateChange, ...] = ()
    notifications: tuple[QueuedRow, ...] = ()
    told: tuple[ToldRow, ...] = ()

    def __bool__(self) -> bool:
        return any(self._parts())

    def then(self, later: Batch) -> Batch:
        """This batch and ``later`` as one, where ``later`` has the last word on every host and service."""
        hosts = {row.host: row for row in self.hosts}
        services = {row.key: row for row in self.services}
        for host in later.removed_hosts:
            hosts.pop(host, None)
        for key in later.removed_services:
            services.pop(key, None)
        hosts.update((row.host, row) for row in later.hosts)
        services.update((row.key, row) for row in later.services)
        return Batch(
            hosts=tuple(hosts.values()),
            services=tuple(services.values()),
            removed_hosts=self.removed_hosts + later.removed_hosts,
            removed_services=self.removed_services + later.removed_services,
            events=self.events + later.events,
            notifications=self.notifications + later.notifications,
            told=self.told + later.told,
        )

    def _parts(self) -> Iterator[tuple[object, ...]]:
        return (getattr(self, part.name) for part in fields(self))


NO_CHANGES = Batch()
