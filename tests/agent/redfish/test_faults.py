"""BMCs that misbehave: each fault costs what it spoils, in bounded time, and is over when the BMC is well again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import trio

from tests.agent.ipmi.asking import value_of
from tests.agent.redfish.running import Service
from vedette_agent.errors import CollectorError
from vedette_agent.ipmi.config import COLLECTORS
from vedette_agent.ipmi.readings import Chassis

Serve = Callable[[str], Service]
THERMAL = "/redfish/v1/Chassis/System.Embedded.1/Thermal"
SYSTEM = "/redfish/v1/Systems/System.Embedded.1"
LOG = "/redfish/v1/Managers/iDRAC.Embedded.1/LogServices/Sel/Entries"
ALL = set(COLLECTORS)
TIMEOUT_S = 2.0


@pytest.mark.parametrize(
    ("path", "fault", "failed", "reason"),
    [
        (THERMAL, "garbage", {"ipmi"}, "is no JSON"),
        (THERMAL, {"status": 404}, {"ipmi"}, "the BMC answers 404"),
        (THERMAL, {"status": 403}, {"ipmi"}, "the BMC answers 403"),
        (THERMAL, {"status": 503}, {"ipmi"}, "the BMC answers 503"),
        (THERMAL, {"status": 308, "headers": {"Location": "https://elsewhere/redfish/v1"}}, {"ipmi"}, "another host"),
        (THERMAL, {"status": 308, "headers": {"Location": THERMAL}}, {"ipmi"}, "without end"),
        (THERMAL, {"status": 308, "headers": {"Location": "/etc/passwd"}}, {"ipmi"}, "none of its resources"),
        (SYSTEM, {"status": 503, "headers": {"Retry-After": "30"}}, ALL, "it wants to be asked in 30 s"),
        (THERMAL, "gigabyte", ALL, "larger than 4194304 bytes"),
        (THERMAL, "slow", ALL, "no whole answer within"),
        ("/redfish/v1/", {"status": 404}, ALL, "does not speak Redfish"),
        ("/redfish/v1/", "garbage", ALL, "is no JSON"),
    ],
)
async def test_fault(serve: Serve, path: str, fault: Any, failed: set[str], reason: str) -> None:
    service = serve("dell")
    service.tell(**{path: fault})
    source = service.source(timeout=TIMEOUT_S)
    families = await source.collect()
    problems = source.problems()
    assert set(problems) == failed
    assert all(reason in problem for problem in problems.values()), problems
    assert {value_of(families, "ipmi_up", collector=name) for name in failed} == {0.0}
    service.tell()
    if "Retry-After" not in str(fault):
        await source.collect()
        assert source.problems() == {}


async def test_a_bmc_that_starts_is_left_alone(serve: Serve) -> None:
    service = serve("dell")
    service.tell(**{"/redfish/v1/": {"status": 503, "headers": {"Retry-After": "60"}}})
    bmc = service.bmc()
    for _ in range(3):
        with pytest.raises(CollectorError, match="busy, or starts"):
            await bmc.read(("chassis",))
    assert service.requests == ["GET /redfish/v1/"]


def page_of(number: int, following: int) -> dict[str, Any]:
    return {
        "Members": [{"Id": str(number), "Created": f"2026-01-0{number}T00:00:00Z", "Message": f"m{number}"}],
        "Members@odata.nextLink": f"{LOG}/page{following}",
    }


async def test_pages_that_lead_in_a_circle(serve: Serve) -> None:
    service = serve("dell")
    service.tell(replace={LOG: page_of(1, 2), f"{LOG}/page2": page_of(2, 3), f"{LOG}/page3": page_of(3, 2)})
    report = await service.bmc().read(("sel",))
    assert report.errors == {}
    assert sum(LOG in request for request in service.requests) == 3


async def test_frozen_and_back(serve: Serve) -> None:
    service = serve("dell")
    bmc = service.bmc(timeout=TIMEOUT_S)
    async with trio.open_nursery() as nursery:
        await nursery.start(bmc.run)
        assert (await bmc.read(("chassis",))).chassis == Chassis(True)
        service.freeze()
        with pytest.raises(CollectorError, match="no whole answer within"):
            await bmc.read(("chassis",))
        service.thaw()
        assert (await bmc.read(("chassis",))).chassis == Chassis(True)
        nursery.cancel_scope.cancel()


async def test_nobody_there(serve: Serve) -> None:
    service = serve("dell")
    service.stop()
    with pytest.raises(CollectorError, match="Connection refused"):
        await service.bmc().read(("chassis",))


async def test_sensors_beside_those_that_fail(serve: Serve) -> None:
    """Where Thermal cannot be read, what Power tells is had, and the collector has failed."""
    service = serve("dell")
    service.tell(**{THERMAL: {"status": 500}})
    source = service.source(("ipmi",))
    families = await source.collect()
    assert value_of(families, "ipmi_up", collector="ipmi") == 0.0
    assert value_of(families, "ipmi_sensor_state", name="PS2 Status") == 2.0


async def test_what_was_read_in_time_is_told(serve: Serve) -> None:
    """Where the time is up in the midst, the collectors before are there, and the rest is late."""
    service = serve("dell")
    bmc = service.bmc(timeout=4.0)
    await bmc.read(("chassis",))
    service.tell(**{THERMAL: {"seconds": 1.0}, LOG.rpartition("/")[0]: {"seconds": 1.6}, LOG: {"seconds": 2.0}})
    report = await bmc.read(("ipmi", "sel"))
    assert report.sensors
    assert report.errors == {"sel": "not read within 4 s"}
