"""Asks each kind of controller through its program."""

from __future__ import annotations

import errno
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import trio

from vedette_agent.children import ChildEnd, ChildLimits, Tool, find_tool
from vedette_agent.children.tools import NOT_PERMITTED
from vedette_agent.errors import CollectorError
from vedette_agent.raid import arcconf, md, ssacli, storcli, zpool
from vedette_agent.raid.config import RaidConfig
from vedette_agent.raid.report import RaidReport, Unit

OUTPUT_BYTES = 8 * 2**20
MDSTAT = Path("/proc/mdstat")
RIGHTS = "; the agent may lack the rights that agent/DISKS.md tells, or list it in raid.exclude"

Ask = Callable[[], Awaitable[RaidReport]]


@dataclass(frozen=True, slots=True)
class Program:
    """Names of a program, best first, and where it is beside PATH."""

    names: tuple[str, ...]
    folders: tuple[str, ...] = ()


PROGRAMS = {
    "storcli": Program(
        ("storcli64", "storcli", "perccli64", "perccli"), ("/opt/MegaRAID/storcli", "/opt/MegaRAID/perccli")
    ),
    "ssacli": Program(("ssacli", "hpssacli"), ("/opt/smartstorageadmin/ssacli/bin", "/opt/hp/hpssacli/bld")),
    "arcconf": Program(("arcconf",), ("/usr/Arcconf", "/usr/StorMan", "/opt/StorMan")),
    "zpool": Program(("zpool",)),
}


def find_programs(config: RaidConfig) -> dict[str, str]:
    """Return the paths of the programs that there are, by what they are called here."""
    found = {}
    for name, program in PROGRAMS.items():
        path = find_tool(program.names, getattr(config, name), program.folders)
        if path is not None and name not in config.exclude:
            found[name] = path
    return found


def make_asks(programs: dict[str, str], config: RaidConfig, folder: Path) -> dict[str, Ask]:
    """Return how each of ``programs`` is asked. ``folder`` is where they may write, made when it is needed."""
    limits = ChildLimits(config.timeout.seconds, OUTPUT_BYTES, config.timeout.seconds)
    makes: dict[str, type[_Asked]] = {"storcli": _Storcli, "ssacli": _Ssacli, "arcconf": _Arcconf, "zpool": _Zpool}
    return {name: makes[name](Tool(path), limits, folder) for name, path in programs.items()}


async def ask_kernel(mdstat: Path = MDSTAT) -> RaidReport:
    """Return the kernel's own arrays."""
    try:
        text = await trio.Path(mdstat).read_text()
    except FileNotFoundError:
        return RaidReport()
    return md.parse_md(text)


class _Asked:
    """One program, as it is asked. Called, it returns the report or raises CollectorError."""

    def __init__(self, tool: Tool, limits: ChildLimits, folder: Path) -> None:
        self._tool = tool
        self._limits = limits
        self._folder = folder

    async def __call__(self) -> RaidReport:
        raise NotImplementedError

    async def _run(self, options: Sequence[str]) -> ChildEnd:
        # Some of these programs write logs where they stand.
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            name = errno.errorcode.get(error.errno or 0, "")
            raise CollectorError(f"{self._folder} cannot be made: {error.strerror or name}") from error
        return await self._tool.run("", options, self._limits, self._folder)

    async def _text(self, options: Sequence[str], good: str = "") -> str:
        """Return what it printed. A failure counts only where ``good`` is not part of that."""
        end = await self._run(options)
        text = end.output.decode("utf-8", "replace")
        errors = end.errors.decode("utf-8", "replace")
        if end.code and not (good and good in (text + errors).lower()):
            line = next(filter(None, (errors + "\n" + text).strip().splitlines()), f"exit code {end.code}").strip()
            raise CollectorError(f"{self._tool.program} failed: {line[:200]}{_hint(text + errors)}")
        return text + (errors if good and good in errors.lower() else "")


class _Storcli(_Asked):
    async def __call__(self) -> RaidReport:
        # It fails where one controller of several does: what it printed tells which.
        controllers = (await self._run(storcli.SHOW_CONTROLLERS)).output
        report = storcli.parse_storcli(controllers)
        if not report.units:
            return report
        try:
            return storcli.parse_storcli(controllers, (await self._run(storcli.SHOW_DISKS)).output)
        except CollectorError:
            return report


class _Ssacli(_Asked):
    async def __call__(self) -> RaidReport:
        return ssacli.parse_ssacli(await self._text(ssacli.SHOW, "no controllers detected"))


class _Arcconf(_Asked):
    async def __call__(self) -> RaidReport:
        text = await self._text(("getconfig", "1"), "controllers found: 0")
        count = arcconf.count_controllers(text)
        if count == 0:
            return RaidReport()
        units: list[Unit] = arcconf.parse_arcconf(text, 1)
        for number in range(2, (count or 1) + 1):
            units += arcconf.parse_arcconf(await self._text(("getconfig", str(number))), number)
        return RaidReport(units)


class _Zpool(_Asked):
    async def __call__(self) -> RaidReport:
        return zpool.parse_zpool(await self._text(zpool.SHOW, "no pools available"))


def _hint(text: str) -> str:
    return RIGHTS if any(sign in text.lower() for sign in NOT_PERMITTED) else ""
