"""A BMC by whichever protocol it speaks: Redfish first, or else IPMI; which one is remembered while it works."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import trio

from vedette_agent.errors import CollectorError
from vedette_agent.ipmi.config import Collector, collectors_over
from vedette_agent.ipmi.readings import BmcReport, SelCursor
from vedette_agent.ipmi.source import Bmc
from vedette_agent.redfish.bmc import RedfishBmc
from vedette_agent.redfish.session import BusyError, LoginError, NoRedfishError
from vedette_shared.logs import get_logger

_log = get_logger(__name__)

TRIAL_SHARE = 0.3
"""The share of the time for a reading that Redfish has to show itself where it has not yet."""
AGAIN_S = 3600.0
"""After that, a BMC that was read by IPMI is asked for Redfish again: its firmware may have become newer."""


class AutomaticBmc:
    """Reads one BMC, by one task at a time.

    Args:
        name: Of the BMC, for the log.
        redfish: The one way.
        ipmi: The other.
        timeout: Seconds for a reading.
    """

    def __init__(self, name: str, redfish: RedfishBmc, ipmi: Bmc, timeout: float) -> None:
        self._name = name
        self._redfish = redfish
        self._ipmi = ipmi
        self._timeout = timeout
        self._chosen: Bmc | None = None
        self._asked_at = 0.0
        self._why = ""

    @property
    def left_behind(self) -> int:
        return self._ipmi.left_behind

    @property
    def cpu_seconds(self) -> float:
        return self._redfish.cpu_seconds + self._ipmi.cpu_seconds

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        await self._redfish.run(task_status=task_status)

    async def read(self, collectors: Sequence[Collector], cursor: SelCursor | None = None) -> BmcReport:
        """Return what ``collectors`` find, and what the event log holds behind ``cursor``, if that is of this log.

        Raises:
            CollectorError: the BMC cannot be reached either way.
        """
        if self._chosen is self._redfish:
            try:
                return await self._read_redfish(collectors, cursor)
            except NoRedfishError:
                self._chosen = None
                raise
        if self._chosen is None or trio.current_time() - self._asked_at > AGAIN_S:
            self._asked_at = trio.current_time()
            report = await self._try_redfish(collectors, cursor)
            if report is not None:
                self._chosen = self._redfish
                return report
            _log.info("a BMC is read by IPMI, as Redfish is not to be had", bmc=self._name, reason=self._why)
        known = cursor if cursor is None or not cursor.log else None
        asked = collectors_over("ipmi", collectors)
        report = await self._ipmi.read(asked, known)
        self._chosen = self._ipmi
        return replace(report, unknown=tuple(set(collectors) - set(asked)))

    def close(self) -> None:
        self._redfish.close()
        self._ipmi.close()

    async def _try_redfish(self, collectors: Sequence[Collector], cursor: SelCursor | None) -> BmcReport | None:
        """``None`` where the BMC does not speak Redfish, or not with this user."""
        self._why = "no answer in time"
        with trio.move_on_after(TRIAL_SHARE * self._timeout) as scope:
            try:
                await self._redfish.probe()
            except BusyError:
                raise
            except CollectorError as error:
                self._why = str(error)
                return None
        if scope.cancelled_caught:
            return None
        try:
            return await self._read_redfish(collectors, cursor)
        except LoginError as error:
            self._why = str(error)
            return None

    async def _read_redfish(self, collectors: Sequence[Collector], cursor: SelCursor | None) -> BmcReport:
        asked = collectors_over("redfish", collectors)
        report = await self._redfish.read(asked, cursor)
        return replace(report, unknown=tuple(set(collectors) - set(asked)))
