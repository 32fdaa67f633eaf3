"""A device as a source of the agent."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence

import trio

from vedette_agent.snmp.access import Access
from vedette_agent.snmp.client import Client, Patience, Traffic, open_client
from vedette_agent.snmp.config import DeviceConfig
from vedette_agent.snmp.declarations import Module
from vedette_agent.snmp.errors import SnmpError
from vedette_agent.snmp.families import scalar_families, scalar_oids, table_families
from vedette_agent.snmp.recognition import Recognition
from vedette_agent.snmp.session import CommunitySession, Session
from vedette_agent.snmp.session_v3 import UserSession
from vedette_agent.sources.error_log import ErrorLog
from vedette_agent.sources.interface import PlainSource
from vedette_agent.sources.timing import rounded
from vedette_shared.labels import make_labels
from vedette_shared.metrics import MetricFamily, gauge

JOB = "snmp"
COLUMNS_TOGETHER = 10
SYS_UP_TIME = bytes((43, 6, 1, 2, 1, 1, 3, 0))
"""Every agent has it: what is asked for first, to see whether anyone answers."""
SYS_OBJECT_ID = bytes((43, 6, 1, 2, 1, 1, 2, 0))


class SnmpSource(PlainSource):
    """Walks one device at each collection; all of it or nothing.

    Args:
        device: Where it is, and how patiently it is asked.
        access: How it is entered.
        modules: What to ask, by name; or what chooses that by what the device says that it is.
        monotonic: Tells seconds.
    """

    job = JOB
    reports_up = True

    def __init__(
        self,
        device: DeviceConfig,
        access: Access,
        modules: Mapping[str, Module] | Recognition,
        monotonic: Callable[[], float],
    ) -> None:
        super().__init__()
        self.name = f"{JOB}:{device.host}"
        self.interval_ms: int = device.interval
        self.timeout = device.timeout.seconds
        self.fresh_for = device.interval.seconds / 2
        self.host, self.instance, self.labels = device.host, device.instance_name, device.labels
        self._device = device
        self._modules = modules
        self._session = _session(access, monotonic)
        self._errors = ErrorLog("device")
        self._problems: list[str] = []
        self._cpu = 0.0

    async def collect(self) -> Sequence[MetricFamily]:
        device = self._device
        patience = Patience(device.answer_timeout.seconds, device.retries, device.in_flight, device.values)
        host, port = device.endpoint
        try:
            async with open_client(host, port, self._session, patience) as client:
                try:
                    families = await self._collect(client)
                finally:
                    self._cpu += client.traffic.cpu
                self._note(client.problems)
        except SnmpError as error:
            raise type(error)(f"{device.instance_name} {error}") from error
        self._last = families
        return families

    def problems(self) -> dict[str, str]:
        return {self._device.host: "; ".join(self._problems)} if self._problems else {}

    def cpu_seconds(self) -> float:
        return self._cpu

    async def _collect(self, client: Client) -> list[MetricFamily]:
        families: list[MetricFamily] = []
        about = _about_scrapes()
        for name, module in (await self._begin(client)).items():
            before = Traffic(client.traffic.packets, client.traffic.retried, client.traffic.values)
            start = trio.current_time()
            scalars = await client.get(scalar_oids(module))
            groups = [
                table.columns[at : at + COLUMNS_TOGETHER]
                for table in module.walk
                for at in range(0, len(table.columns), COLUMNS_TOGETHER)
            ]
            columns = await client.walk(groups)
            walked = trio.current_time()
            cpu = time.thread_time()
            families += scalar_families(module, scalars)
            client.traffic.cpu += time.thread_time() - cpu
            for table in module.walk:
                await trio.lowlevel.checkpoint()
                cpu = time.thread_time()
                families += table_families(table, columns)
                client.traffic.cpu += time.thread_time() - cpu
            _tell(about, name, before, client.traffic, (walked - start, trio.current_time() - start))
        return families + list(about)

    async def _begin(self, client: Client) -> Mapping[str, Module]:
        """The first query goes alone, so that a silent device costs one deadline, and an engine is discovered once."""
        if not isinstance(self._modules, Recognition):
            await client.get([SYS_UP_TIME])
            return self._modules
        told = {binding.oid: binding.value for binding in await client.get([SYS_UP_TIME, SYS_OBJECT_ID])}
        object_id = told.get(SYS_OBJECT_ID)
        return self._modules.modules_of(object_id if isinstance(object_id, bytes) else b"")

    def _note(self, problems: Sequence[str]) -> None:
        self._problems = list(dict.fromkeys(problems))
        self._errors.note(self._device.host, SnmpError("; ".join(self._problems)) if self._problems else None)


_About = tuple[MetricFamily, MetricFamily, MetricFamily, MetricFamily, MetricFamily]


def _about_scrapes() -> _About:
    """The series that snmp_exporter has of each module."""
    return (
        gauge("snmp_scrape_duration_seconds", "Total SNMP time scrape took (walk and processing)."),
        gauge("snmp_scrape_packets_retried", "Packets retried for get, bulkget, and walk."),
        gauge("snmp_scrape_packets_sent", "Packets sent for get, bulkget, and walk; including retries."),
        gauge("snmp_scrape_pdus_returned", "PDUs returned from get, bulkget, and walk."),
        gauge("snmp_scrape_walk_duration_seconds", "Time SNMP walk/bulkwalk took."),
    )


def _tell(about: _About, module: str, before: Traffic, after: Traffic, seconds: tuple[float, float]) -> None:
    labels = make_labels(module=module)
    walked, whole = seconds
    values = (
        rounded(whole),
        float(after.retried - before.retried),
        float(after.packets - before.packets),
        float(after.values - before.values),
        rounded(walked),
    )
    for family, value in zip(about, values, strict=True):
        family.add(value, labels)


def _session(access: Access, monotonic: Callable[[], float]) -> Session:
    if access.user is not None:
        return UserSession(access.user, monotonic)
    assert access.community is not None
    return CommunitySession(access.version, access.community.text.encode())
