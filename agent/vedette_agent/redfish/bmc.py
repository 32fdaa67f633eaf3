"""A BMC over Redfish: what each collector asks for, and what comes of it."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Sequence

import trio

from vedette_agent.errors import CollectorError
from vedette_agent.ipmi.config import Collector
from vedette_agent.ipmi.readings import (
    EVENTS,
    NOT_AVAILABLE,
    BmcInfo,
    BmcReport,
    Chassis,
    LogNews,
    Part,
    SelCursor,
    SelInfo,
)
from vedette_agent.redfish.health import HealthWalk
from vedette_agent.redfish.inventory import INVENTORY_S, Inventory, expand_query, read_inventory
from vedette_agent.redfish.log import RECORD_BYTES, count_of, entry_key, is_newest_first, news_of
from vedette_agent.redfish.readings import PartialError, read_sensors, read_watts
from vedette_agent.redfish.resources import ID, AnswerError, Resource, is_expanded, members, number, text
from vedette_agent.redfish.session import RedfishSession, RedfishTarget

REQUEST_SHARE = 0.6
"""The share of the time for a reading that one request may take."""
DEADLINE_SHARE = 0.95
"""The share of it after which what has been read is told, and the rest as late."""
HEALTH_SHARE = 0.5
"""The share of it after which no more parts are read."""
MOST_TAIL = 256
"""Entries at the end of a long log that lists the oldest first: all that is read of it."""
MOST_PAGES = 32
MOST_ENTRIES = 4096
MOST_SINGLE_ENTRIES = 64
"""Entries that are asked for one by one, where a log lists links alone."""

_SKIP = re.compile(r"\$skip=\d+")
_IS_ON = {"On": True, "PoweringOff": True, "Off": False, "PoweringOn": False, "Paused": True}


class RedfishBmc:
    """Reads one BMC over Redfish, by one task at a time.

    Args:
        target: Where it is.
        timeout: Seconds for one reading.
        now_ms: The clock, for entries of a log without a date.
    """

    left_behind = 0

    def __init__(self, target: RedfishTarget, timeout: float, now_ms: Callable[[], int]) -> None:
        self._session = RedfishSession(target, REQUEST_SHARE * timeout)
        self._timeout = timeout
        self._now_ms = now_ms
        self._is_kept = False
        self._inventory: Inventory | None = None
        self._inventory_at = 0.0
        self._health: HealthWalk | None = None
        self._memo: dict[str, Resource] = {}
        self._keeps_memo = False
        self._cannot_expand = False

    @property
    def cpu_seconds(self) -> float:
        return self._session.cpu_seconds

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Keep the session from one reading to the next, and end it at last. Without this, a reading ends its own."""
        self._is_kept = True
        task_status.started()
        try:
            await trio.sleep_forever()
        finally:
            self._is_kept = False
            await self._session.log_out()

    async def probe(self) -> None:
        """Raise CollectorError unless the BMC speaks Redfish."""
        try:
            await self._session.begin()
        except BaseException:
            await self._session.log_out()  # and hang up
            raise

    async def read(self, collectors: Sequence[Collector], cursor: SelCursor | None = None) -> BmcReport:
        """Return what ``collectors`` find, and what the event log holds behind ``cursor``.

        Raises:
            CollectorError: the BMC cannot be reached, or lets nobody in.
        """
        try:
            return await self._read(collectors, cursor, trio.current_time())
        except CollectorError:
            self._inventory = None  # a BMC that was away may have come back as another
            self._keeps_memo = False
            self._session.forget()
            raise
        finally:
            if not self._keeps_memo:
                self._memo = {}
            if not self._is_kept:
                await self._session.log_out()

    def close(self) -> None:
        pass

    async def _read(self, collectors: Sequence[Collector], cursor: SelCursor | None, begin: float) -> BmcReport:
        deadline = begin + DEADLINE_SHARE * self._timeout
        late = f"not read within {self._timeout:g} s"
        with trio.move_on_at(deadline) as scope:
            inventory = await self._known(begin)
        if scope.cancelled_caught:
            raise CollectorError(f"what the BMC consists of was {late}; it is gone on with at the next reading")
        asks: dict[Collector, tuple[str, Callable[[Inventory], Awaitable[object]]]] = {
            "ipmi": ("sensors", self._sensors),
            "bmc": ("info", self._info),
            "chassis": ("chassis", self._chassis),
            "dcmi": ("watts", self._watts),
            "sel": ("sel", self._sel),
            "health": ("parts", lambda _: self._parts(begin)),
        }
        found: dict[str, object] = {}
        errors: dict[str, str] = {}
        for collector in collectors:
            attribute, ask = asks[collector]
            errors[collector] = late
            with trio.move_on_at(deadline):
                try:
                    found[attribute] = await ask(inventory)
                    del errors[collector]
                except PartialError as error:
                    found[attribute], errors[collector] = error.found, str(error)
                except AnswerError as error:
                    errors[collector] = str(error)
        if "sel" in found:
            errors[EVENTS] = late
            with trio.move_on_at(deadline):
                try:
                    found["news"] = await self._news(inventory, cursor)
                    del errors[EVENTS]
                except AnswerError as error:
                    errors[EVENTS] = str(error)
        return BmcReport(**found, errors=errors)  # type: ignore[arg-type]  # the table above pairs names and types

    async def _known(self, now: float) -> Inventory:
        root = await self._session.begin()
        self._keeps_memo = self._inventory is None
        if self._inventory is None or now - self._inventory_at > INVENTORY_S:
            expand = expand_query(root)
            before = self._inventory
            self._inventory = await read_inventory(root, self._get)
            self._inventory_at = now
            self._keeps_memo = False
            if self._health is None or before is None or before.roots != self._inventory.roots:
                self._health = HealthWalk(self._inventory.roots, expand)
        return self._inventory

    async def _get(self, path: str) -> Resource:
        """Return a resource, asked for once a reading; without its members where the BMC cannot expand after all."""
        plain = path.partition("?$expand")[0]
        if self._cannot_expand:
            path = plain
        resource = self._memo.get(path)
        if resource is None:
            try:
                resource = await self._session.get(path)
            except AnswerError:
                if path == plain:
                    raise
                resource = await self._session.get(plain)
                self._cannot_expand = True
            self._memo[path] = resource
        return resource

    async def _sensors(self, inventory: Inventory) -> object:
        return await read_sensors(inventory, self._get)

    async def _watts(self, inventory: Inventory) -> float:
        return await read_watts(inventory, self._get)

    async def _info(self, inventory: Inventory) -> BmcInfo:
        manager = await self._get(_first(inventory.managers, "a manager"))
        system = await self._get(inventory.systems[0]) if inventory.systems else {}
        maker = text(system, "Manufacturer") or next(filter(None, (c.manufacturer for c in inventory.chassis)), "")
        return BmcInfo(
            text(manager, "FirmwareVersion") or NOT_AVAILABLE,
            maker or text(manager, "Manufacturer") or NOT_AVAILABLE,
            text(system, "BiosVersion") or NOT_AVAILABLE,
        )

    async def _chassis(self, inventory: Inventory) -> Chassis:
        """Of the first system that tells, or else of a chassis."""
        for path in (*inventory.systems, *(chassis.path for chassis in inventory.chassis)):
            state = text(await self._get(path), "PowerState")
            if state in _IS_ON:
                return Chassis(_IS_ON[state])
        raise AnswerError("the BMC tells of no power state")

    async def _sel(self, inventory: Inventory) -> SelInfo:
        log = _first((inventory.log,) if inventory.log else (), "a log service")
        service, entries = await self._get(log), await self._get(inventory.entries)
        count = count_of(entries)
        if count is None:
            raise AnswerError(f"{inventory.entries}: the BMC lists no entries")
        most = number(service, "MaxNumberOfRecords")
        return SelInfo(count, int(max(most - count, 0)) * RECORD_BYTES if most > 0 else None)

    async def _news(self, inventory: Inventory, cursor: SelCursor | None) -> LogNews:
        entries = await self._entries(inventory.entries, cursor)
        return news_of(entries, cursor, inventory.log, self._now_ms())

    async def _entries(self, path: str, cursor: SelCursor | None) -> list[Resource]:
        """Return the entries, as listed: no more than it takes to find the last known, where the newest come first."""
        entries: list[Resource] = []
        visited: set[str] = set()
        while path and path not in visited and len(visited) < MOST_PAGES and len(entries) < MOST_ENTRIES:
            visited.add(path)
            page = await self._get(path)
            rows = list(members(page))
            if not all(is_expanded(row) for row in rows):
                return await self._one_by_one(rows)
            entries += rows
            skipping = _skip_to_tail(page, len(rows)) if len(visited) == 1 else ""
            if skipping and not is_newest_first(entries):
                entries, path = [], skipping
                continue
            if is_newest_first(entries) and (cursor is None or any(entry_key(row) == cursor.last for row in rows)):
                break
            path = text(page, "Members@odata.nextLink")
        return entries[:MOST_ENTRIES]

    async def _one_by_one(self, rows: list[Resource]) -> list[Resource]:
        """The first and the last few tell in which order they are listed; the newest are all that is asked for."""
        paths = [text(row, ID) for row in rows]
        if not paths:
            return []
        first, last = await self._get(paths[0]), await self._get(paths[-1])
        if is_newest_first([first, last]):
            return [await self._get(path) for path in paths[:MOST_SINGLE_ENTRIES]]
        return [await self._get(path) for path in paths[-MOST_SINGLE_ENTRIES:]]

    async def _parts(self, begin: float) -> tuple[Part, ...]:
        assert self._health is not None
        return await self._health.step(self._get, lambda: trio.current_time() - begin < HEALTH_SHARE * self._timeout)


def _skip_to_tail(page: Resource, shown: int) -> str:
    """Return where the last entries of a long log are, if its pages are told apart by how many go before."""
    following, count = text(page, "Members@odata.nextLink"), count_of(page) or 0
    if count - MOST_TAIL <= shown or not _SKIP.search(following):
        return ""
    return _SKIP.sub(f"$skip={count - MOST_TAIL}", following)


def _first(paths: Sequence[str], what: str) -> str:
    if not paths:
        raise AnswerError(f"the BMC tells of no {what.partition(' ')[2]}")
    return paths[0]
