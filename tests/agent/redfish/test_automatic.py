"""``protocol = "auto"``: Redfish where it is, IPMI where it is not, and no going to and fro between them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import trio

from tests.agent.ipmi.asking import lan_bmc
from tests.agent.ipmi.simulator import SimulatedBmc, need
from tests.agent.redfish.running import TIMEOUT_S, Service
from vedette_agent.errors import CollectorError
from vedette_agent.ipmi.config import Collector
from vedette_agent.ipmi.readings import BmcReport
from vedette_agent.redfish.automatic import AutomaticBmc

Serve = Callable[[str], Service]
COLLECTORS: tuple[Collector, ...] = ("bmc", "sel", "health")
ROOT = "/redfish/v1/"
OF_REDFISH = "6.10.30.00"


@pytest.fixture
def ipmi(tmp_path: Path) -> Iterator[SimulatedBmc]:
    need("ipmi_sim")
    simulated = SimulatedBmc(tmp_path / "bmc")
    yield simulated
    simulated.stop()


def automatic(service: Service, ipmi: SimulatedBmc, *, timeout: float = TIMEOUT_S) -> AutomaticBmc:
    return AutomaticBmc("b", service.bmc(timeout=timeout), lan_bmc(ipmi.port), timeout)


def firmware_of(report: BmcReport) -> str:
    assert report.info is not None
    return report.info.firmware


async def test_redfish_where_it_is(serve: Serve, ipmi: SimulatedBmc) -> None:
    """It stays with it, also while the BMC starts or is away."""
    service = serve("dell")
    bmc = automatic(service, ipmi)
    report = await bmc.read(COLLECTORS)
    assert (firmware_of(report), report.unknown, bool(report.parts)) == (OF_REDFISH, (), True)
    service.stop()
    with pytest.raises(CollectorError, match=r"refused|broke"):
        await bmc.read(COLLECTORS, report.news.cursor if report.news else None)
    bmc.close()


@pytest.mark.parametrize("way", ["nobody", "not redfish", "wrong password", "no answer"])
async def test_ipmi_where_redfish_is_not(serve: Serve, ipmi: SimulatedBmc, way: str) -> None:
    """A cursor of Redfish's log is none of IPMI's; what IPMI does not know is not told as failed."""
    service = serve("dell")
    timeout = TIMEOUT_S
    bmc = automatic(service, ipmi)
    before = (await service.bmc().read(("sel",))).news
    assert before is not None
    if way == "nobody":
        service.stop()
    elif way == "not redfish":
        service.tell(**{ROOT: {"status": 404}})
    elif way == "no answer":
        service.freeze()
    else:
        bmc = AutomaticBmc("b", service.bmc(password="wrong"), lan_bmc(ipmi.port), timeout)
    with trio.fail_after(30):
        report = await bmc.read(COLLECTORS, before.cursor)
        assert firmware_of(report) != OF_REDFISH
        assert (report.unknown, report.errors, report.parts) == (("health",), {}, None)
        assert report.news is not None
        assert (report.news.records, report.news.cursor.log) == ((), "")
        asked = len(service.requests)
        await bmc.read(COLLECTORS, report.news.cursor)
    assert len(service.requests) == asked
    bmc.close()


async def test_a_bmc_that_starts_is_waited_for(serve: Serve, ipmi: SimulatedBmc) -> None:
    service = serve("dell")
    service.tell(**{ROOT: {"status": 503, "headers": {"Retry-After": "0"}}})
    bmc = automatic(service, ipmi)
    with pytest.raises(CollectorError, match="busy, or starts"):
        await bmc.read(COLLECTORS)
    service.tell()
    report = await bmc.read(COLLECTORS)
    assert firmware_of(report) == OF_REDFISH
    bmc.close()
