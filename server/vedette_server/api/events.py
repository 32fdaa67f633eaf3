"""The events of the fleet, newest first, in pages."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from vedette_server.api.envelope import success
from vedette_server.api.errors import bad_parameter
from vedette_server.api.parameters import END_OF_TIME_MS, Parameters
from vedette_server.state import EventQuery, FleetEvent
from vedette_shared.clock import Clock
from vedette_shared.events import Severity

USUAL_LIMIT, MOST = 100, 1000
_CURSOR = re.compile(r"(-?[0-9]{1,19})\.([0-9]{1,18})")


class EventPage(msgspec.Struct, frozen=True):
    """An answer.

    Attributes:
        time: When it was made, ms since the epoch.
        events: Newest first.
        next: What to pass as ``after`` for the older ones; ``None`` where there are none.
        last: The id of the event that arrived last, whatever was asked for: to pass as ``arrived_after``.
    """

    time: int
    events: list[FleetEvent]
    next: str | None
    last: int


@dataclass(frozen=True, slots=True)
class EventEndpoints:
    """Serves the events that ``find`` finds; ``last_event`` tells the id of the one that arrived last."""

    find: Callable[[EventQuery], Awaitable[list[FleetEvent]]]
    last_event: Callable[[], Awaitable[int]]
    clock: Clock

    async def events(self, request: Request) -> Response:
        """A page of the events that the parameters ask for."""
        last = await self.last_event()
        query = _query(await Parameters.of(request), last)
        events = await self.find(query)
        more = len(events) == query.limit
        cursor = f"{events[-1].time}.{events[-1].id}" if more else None
        return success(EventPage(self.clock.now_ms(), events, cursor, last))


def _query(parameters: Parameters, last: int) -> EventQuery:
    limit = parameters.whole("limit", USUAL_LIMIT)
    if not 0 < limit <= MOST:
        raise bad_parameter("limit", f"it must be from 1 to {MOST}")
    since, until = parameters.time_ms("since", -END_OF_TIME_MS), parameters.time_ms("until", END_OF_TIME_MS)
    if until < since:
        raise bad_parameter("until", "it must not be before since")
    return EventQuery(
        host=parameters.text("host"),
        source=parameters.text("source"),
        severity=_severity(parameters.text("severity")),
        since=since if parameters.text("since") else None,
        until=until if parameters.text("until") else None,
        arrived_after=min(parameters.whole("arrived_after", 0), last) or None,
        arrived_upto=last,
        after=_cursor(parameters.text("after")),
        limit=limit,
    )


def _severity(text: str) -> Severity:
    try:
        return Severity(text or "info")
    except ValueError:
        words = ", ".join(severity.value for severity in Severity)
        raise bad_parameter("severity", f"{text!r} is none of {words}") from None


def _cursor(text: str) -> tuple[int, int] | None:
    if not text:
        return None
    match = _CURSOR.fullmatch(text)
    if match is None or not -(2**63) <= int(match[1]) < 2**63:
        raise bad_parameter("after", f"{text!r} is not what an answer had as next")
    return int(match[1]), int(match[2])
