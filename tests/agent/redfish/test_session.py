"""Logging in, keeping a session, ending it, and whom to trust."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import trio

from tests.agent.redfish.running import TIMEOUT_S, Service, fingerprint_of
from tests.agent.redfish.service import PASSWORD
from vedette_agent.errors import CollectorError
from vedette_agent.ipmi.config import Collector
from vedette_agent.ipmi.readings import Chassis
from vedette_agent.redfish.bmc import RedfishBmc
from vedette_agent.redfish.session import RedfishTarget
from vedette_shared.clock import SystemClock

Serve = Callable[[str], Service]
CHASSIS: tuple[Collector, ...] = ("chassis",)
POST, DELETE = "POST /redfish/v1/SessionService/Sessions", "DELETE /redfish/v1/SessionService/Sessions/1"
ROOT = "/redfish/v1"


def bmc_of(target: RedfishTarget) -> RedfishBmc:
    return RedfishBmc(target, TIMEOUT_S, SystemClock().now_ms)


async def test_a_session_lasts_as_long_as_the_source_runs(serve: Serve) -> None:
    service = serve("dell")
    source = service.source(CHASSIS)
    async with trio.open_nursery() as nursery:
        await nursery.start(source.run)
        await source.collect()
        await source.collect()
        assert (service.requests.count(POST), service.requests.count(DELETE)) == (1, 0)
        nursery.cancel_scope.cancel()
    assert service.requests[-1] == DELETE


async def test_a_single_reading_ends_its_session(serve: Serve) -> None:
    service = serve("dell")
    await service.source(CHASSIS).collect()
    assert service.requests[-1] == DELETE


async def test_a_session_that_the_bmc_has_ended_is_replaced(serve: Serve) -> None:
    service = serve("dell")
    bmc = service.bmc()
    async with trio.open_nursery() as nursery:
        await nursery.start(bmc.run)
        await bmc.read(CHASSIS)
        service.tell(forget_sessions=True)
        report = await bmc.read(CHASSIS)
        nursery.cancel_scope.cancel()
    assert (report.chassis, report.errors) == (Chassis(True), {})
    assert service.requests.count(POST) == 2


async def test_a_refused_login_is_not_repeated_at_once(serve: Serve) -> None:
    """BMCs lock users out that try again and again."""
    service = serve("dell")
    bmc = service.bmc(password="wrong")
    for _ in range(3):
        with pytest.raises(CollectorError, match="refuses the user or the password"):
            await bmc.read(CHASSIS)
    assert service.requests.count(POST) == 1


@pytest.mark.parametrize("password", [PASSWORD, "wrong"])
async def test_basic_authentication_where_there_are_no_sessions(serve: Serve, password: str) -> None:
    service = serve("dell")
    service.tell(replace={ROOT: {"RedfishVersion": "1.0.2", "Systems": {"@odata.id": "/redfish/v1/Systems"}}})
    if password == PASSWORD:
        assert (await service.bmc().read(CHASSIS)).chassis == Chassis(True)
    else:
        with pytest.raises(CollectorError, match="refuses the user or the password"):
            await service.bmc(password=password).read(CHASSIS)
    assert POST not in service.requests


async def test_trust(serve: Serve, certificate: Path) -> None:
    """By default a certificate must be known to the machine; one of the BMC's own is pinned, or waved through."""
    service = serve("dell")
    unknown = replace(service.target(), ca_file="")
    with pytest.raises(CollectorError, match=r"no TLS: .*self-signed certificate"):
        await bmc_of(unknown).read(CHASSIS)
    digest = bytes.fromhex(fingerprint_of(certificate))
    for target in (replace(unknown, verify=False), replace(unknown, fingerprint=digest)):
        assert (await bmc_of(target).read(CHASSIS)).chassis == Chassis(True)
    before = service.requests
    with pytest.raises(CollectorError, match=f"its certificate is another one: sha256 {digest.hex()}"):
        await bmc_of(replace(unknown, fingerprint=bytes(32))).read(CHASSIS)
    assert service.requests == before


def test_no_password_in_words() -> None:
    assert PASSWORD not in repr(RedfishTarget("https://b", "u", PASSWORD))
