"""This host's own BMC, in-band: FreeIPMI's tools, one after another, as the device serves one command at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import trio

from vedette_agent.children import ChildLimits, run_child
from vedette_agent.errors import CollectorError
from vedette_agent.ipmi.config import Collector
from vedette_agent.ipmi.freeipmi import SEL_NAMES, SEL_RECORDS, TOOLS, Tool, parse_names, parse_records
from vedette_agent.ipmi.readings import EVENTS, BmcReport, SelCursor, SelNews
from vedette_agent.ipmi.sel_log import MOST_RECORDS, news_in

OUTPUT_BYTES = 2**20
OPENIPMI = ("--driver-type=OPENIPMI",)
"""Through the kernel's /dev/ipmi0."""
_REFUSED = "permission denied"
_FOR_ROOT = "FreeIPMI asks devices for root alone: let the agent be root, as systemd/drop-ins/agent-freeipmi.conf does"


class InbandBmc:
    """Reads the BMC that FreeIPMI finds here.

    Args:
        tools: The folder of its tools.
        cache: A folder for the sensor records, whose reading takes long; made if it is missing.
        timeout: Seconds for one of them.
        driver: Their options that tell the way to the BMC.
    """

    left_behind = 0
    cpu_seconds = 0.0

    def __init__(self, tools: Path, cache: Path, timeout: float, driver: Sequence[str] = OPENIPMI) -> None:
        self._tools = tools
        self._cache = cache
        self._driver = driver
        self._sel_was = ""
        self._limits = ChildLimits(timeout, OUTPUT_BYTES, timeout)

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        task_status.started()

    async def read(self, collectors: Sequence[Collector], cursor: SelCursor | None = None) -> BmcReport:
        """Return what ``collectors`` find, and what the event log holds behind ``cursor``.

        Each one's failure is its own.

        Raises:
            CollectorError: the tools are not there.
        """
        found: dict[str, object] = {}
        errors: dict[str, str] = {}
        info = ""
        for collector in collectors:
            tool = TOOLS[collector]
            try:
                output = await self._output(tool)
                found[tool.attribute] = tool.parse(output)
                if collector == "sel":
                    info = output
            except CollectorError as error:
                errors[collector] = str(error)
        if info:
            try:
                found["news"] = await self._news(info, cursor)
            except CollectorError as error:
                errors[EVENTS] = str(error)
        return BmcReport(**found, errors=errors)  # type: ignore[arg-type]  # TOOLS pairs names and types

    async def _news(self, info: str, cursor: SelCursor | None) -> SelNews | None:
        """The whole log is read where ``info``, which tells how many records there are, has changed."""
        if info == self._sel_was and cursor is not None:
            return None
        news = news_in(parse_records(await self._output(SEL_RECORDS)), cursor)
        if news.records:
            news = replace(news, names=parse_names(await self._output(SEL_NAMES), news.records))
        if len(news.records) < MOST_RECORDS:
            self._sel_was = info
        return news

    def close(self) -> None:
        pass

    async def _output(self, tool: Tool) -> str:
        program = self._tools / tool.command[0]
        try:
            self._cache.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise CollectorError(f"{self._cache} cannot be made: {error.strerror}") from error
        options = [*self._driver, *(option.format(cache=self._cache) for option in tool.command[1:])]
        try:
            end = await run_child([str(program), *options], self._limits)
        except OSError as error:
            raise CollectorError(f"{program}: {error.strerror}: install freeipmi-tools, or set ipmi.tools") from error
        errors = end.errors.decode("utf-8", "replace").strip()
        if end.problem:
            raise CollectorError(f"{program}: {end.problem}")
        if end.code and not (tool.may_fail and end.output):
            told = errors.partition("\n")[0] or f"exit code {end.code}"
            hint = f"; {_FOR_ROOT}" if told.endswith(_REFUSED) else ""
            raise CollectorError(f"{program} failed: {told}{hint}")
        return end.output.decode("utf-8", "replace")
