"""The server's HTTP API as the terminal uses it: typed answers, and errors of one line."""

from __future__ import annotations

import os
from collections.abc import Mapping
from types import TracebackType
from typing import Generic, Literal, Self, TypeVar
from urllib.parse import quote

import httpx
import msgspec

from vedette_shared.addresses import MAX_PORT, Address
from vedette_shared.errors import ServerUnreachableError, UsageError
from vedette_tui.errors import ForeignAnswerError, RefusedError
from vedette_tui.events import EventPage

HostState = Literal["UP", "UNREACH", "DOWN"]
ServiceState = Literal["OK", "WARN", "UNKNOWN", "CRIT"]

Data = TypeVar("Data")


class Host(msgspec.Struct, frozen=True):
    """One host of the fleet; moments in ms since the epoch, ``last_seen`` 0 for never."""

    host: str
    state: HostState
    since: int | None = None
    services: dict[str, int] = {}
    last_seen: int | None = None
    load1: float | None = None
    memory_used_percent: float | None = None
    hard: bool = True
    attempt: int = 1
    summary: str = ""


class Hosts(msgspec.Struct, frozen=True):
    """Every host, as of the server's ``time`` (ms)."""

    time: int
    hosts: tuple[Host, ...]


class Levels(msgspec.Struct, frozen=True):
    """(WARN, CRIT) levels: ``upper`` reached from below, ``lower`` passed from above."""

    upper: tuple[float | None, float | None] | None = None
    lower: tuple[float | None, float | None] | None = None


class Service(msgspec.Struct, frozen=True):
    """One service of a host; moments in ms since the epoch, ``last_check`` 0 for never."""

    host: str
    service: str
    state: ServiceState
    check: str = ""
    labels: dict[str, str] = {}
    hard: bool = True
    attempt: int = 1
    value: float | None = None
    unit: str = ""
    levels: Levels = Levels()
    summary: str = ""
    since: int | None = None
    last_check: int | None = None
    stale: bool = False
    graph: str | None = None


class Services(msgspec.Struct, frozen=True):
    """The services of one host, as of the server's ``time`` (ms)."""

    time: int
    services: tuple[Service, ...]


class RangeSeries(msgspec.Struct, frozen=True):
    """One series of a range query: pairs of a moment (s since the epoch) and a value as text."""

    metric: dict[str, str]
    values: tuple[tuple[float, str], ...] = ()


class RangeData(msgspec.Struct, frozen=True, rename={"result_type": "resultType"}):
    """The answer to a range query."""

    result_type: Literal["matrix"]
    result: tuple[RangeSeries, ...]


class Envelope(msgspec.Struct, Generic[Data], frozen=True):
    """What wraps the data of every answer that is a success."""

    status: Literal["success"]
    data: Data


class Refusal(msgspec.Struct, frozen=True):
    """What wraps every answer that is not a success."""

    status: Literal["error"]
    error: str


_HOSTS = msgspec.json.Decoder(Envelope[Hosts])
_SERVICES = msgspec.json.Decoder(Envelope[Services])
_EVENTS = msgspec.json.Decoder(Envelope[EventPage])
_RANGE = msgspec.json.Decoder(Envelope[RangeData])
_REFUSAL = msgspec.json.Decoder(Refusal)


def parse_server_url(text: str) -> httpx.URL:
    """Return the server's URL.

    Raises:
        UsageError: it is not the URL of an HTTP server.
    """
    try:
        url = httpx.URL(text.strip())
    except httpx.InvalidURL as error:
        raise UsageError(f"{text!r} is not a URL ({error}); write it like http://127.0.0.1:9470") from error
    if url.scheme not in ("http", "https") or not url.host:
        raise UsageError(f"{text!r} is not the URL of a server; write it like http://127.0.0.1:9470")
    if url.port is not None and not 0 < url.port <= MAX_PORT:
        raise UsageError(f"{text!r} is not the URL of a server: a port is a number from 1 to {MAX_PORT}")
    if url.query or url.fragment:
        raise UsageError(f"{text!r} is not the URL of a server: leave out what follows the ? or #")
    return url


class FleetClient:
    """Asks one server. Use as an async context manager, under asyncio. How long to wait is the caller's to say.

    Every question raises:
        ServerUnreachableError: nothing answers.
        ForeignAnswerError: the answer is not of Vedette's API.
        RefusedError: the server says that it cannot.
    """

    def __init__(self, url: httpx.URL) -> None:
        self._base = str(url).rstrip("/")
        self.address = str(url.copy_with(username=None, password=None)).rstrip("/")
        # A proxy from the environment cannot reach this machine's own loopback.
        trust_env = not Address(url.host, 0).is_loopback
        self._http = httpx.AsyncClient(
            timeout=None,  # noqa: S113 -- the caller's
            trust_env=trust_env,
            headers={"Accept": "application/json"},
        )

    async def __aenter__(self) -> Self:
        await self._http.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.__aexit__(kind, error, trace)

    async def hosts(self) -> Hosts:
        """Every host of the fleet."""
        return await self._ask(_HOSTS, "/api/fleet/v1/hosts")

    async def services(self, host: str) -> Services:
        """The services of one host."""
        return await self._ask(_SERVICES, f"/api/fleet/v1/hosts/{quote(host, safe='')}/services")

    async def events(self, parameters: Mapping[str, str]) -> EventPage:
        """A page of events, as an ``EventFeed`` asks for it."""
        return await self._ask(_EVENTS, "/api/fleet/v1/events", parameters)

    async def query_range(self, query: str, start_s: float, end_s: float, step_s: int) -> tuple[RangeSeries, ...]:
        """The series of a PromQL query from ``start_s`` to ``end_s`` (seconds since the epoch)."""
        parameters = {"query": query, "start": f"{start_s:.3f}", "end": f"{end_s:.3f}", "step": str(step_s)}
        return (await self._ask(_RANGE, "/api/v1/query_range", parameters)).result

    async def _ask(
        self, decoder: msgspec.json.Decoder[Envelope[Data]], path: str, parameters: Mapping[str, str] | None = None
    ) -> Data:
        try:
            answer = await self._http.get(self._base + path, params=parameters)
        except (httpx.HTTPError, httpx.InvalidURL, UnicodeError) as error:
            raise ServerUnreachableError(_reason(error)) from error
        try:
            return decoder.decode(answer.content).data
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise _explain(answer, error) from error


def _explain(
    answer: httpx.Response, error: msgspec.DecodeError | UnicodeDecodeError
) -> ForeignAnswerError | RefusedError:
    try:
        refusal = _REFUSAL.decode(answer.content)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return ForeignAnswerError(f"not a Vedette server's answer (status {answer.status_code}): {error}")
    return RefusedError(refusal.error or f"refused with status {answer.status_code}, without a reason")


def _reason(error: Exception) -> str:
    """Return why the connection failed, in the operating system's words where it has any."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, OSError) and cause.strerror:
            # asyncio puts a sentence of its own into strerror; resolver errors have negative numbers and a good one.
            return (os.strerror(cause.errno) if cause.errno and cause.errno > 0 else cause.strerror).lower()
        cause = cause.__cause__ or cause.__context__
    return str(error).lower() or type(error).__name__
