"""A BMC over LAN: OpenIPMI's simulator, whole, stopped, frozen, and back."""

from __future__ import annotations

import logging
import math
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import trio

from tests.agent.ipmi.asking import lan_bmc, source_of, value_of
from tests.agent.ipmi.simulator import CPU1, DRIVE0, FAN1, PASSWORD, PSU2, SimulatedBmc
from vedette_agent.ipmi.lan import LanTarget
from vedette_agent.ipmi.source import BmcSource

COLLECTORS = ("bmc", "chassis", "dcmi", "ipmi", "sel")
SHORT_S = 1.0
"""For readings that are to fail."""


async def collect_until(source: BmcSource, name: str, wanted: float, /, **labels: str) -> None:
    """Collect until a sample has the value ``wanted``."""
    with trio.fail_after(10):
        while value_of(await source.collect(), name, **labels) != wanted:
            await trio.sleep(0.05)


async def ups(source: BmcSource) -> set[float]:
    families = await source.collect()
    return {value_of(families, "ipmi_up", collector=name) for name in COLLECTORS}


async def test_values(bmc: SimulatedBmc) -> None:
    source = source_of(lan_bmc(bmc.port))
    families = await source.collect()
    values = {
        name: value_of(families, name, **labels)
        for name, labels in (
            ("ipmi_temperature_celsius", {"name": "CPU1 Temp"}),
            ("ipmi_fan_speed_rpm", {"name": "Fan1"}),
            ("ipmi_voltage_volts", {"name": "12V"}),
            ("ipmi_current_amperes", {"name": "PSU1 Current"}),
            ("ipmi_power_watts", {"name": "Pwr Consumption"}),
            ("ipmi_sensor_state", {"name": "PS2 Status", "type": "Power Supply"}),
            ("ipmi_chassis_power_state", {}),
            ("ipmi_dcmi_power_consumption_watts", {}),
            ("ipmi_bmc_info", {"firmware_revision": "9.08", "system_firmware_version": "N/A"}),
        )
    }
    assert values == {
        "ipmi_temperature_celsius": 51.0,
        "ipmi_fan_speed_rpm": 7200.0,
        "ipmi_voltage_volts": 12.03,
        "ipmi_current_amperes": 0.8,
        "ipmi_power_watts": 352.0,
        "ipmi_sensor_state": 0.0,
        "ipmi_chassis_power_state": 1.0,
        "ipmi_dcmi_power_consumption_watts": 352.0,
        "ipmi_bmc_info": 1.0,
    }
    assert math.isnan(value_of(families, "ipmi_sensor_value", name="PS2 Status"))
    assert await ups(source) == {1.0}
    assert source.problems() == {}
    source.close()


@pytest.mark.parametrize(
    ("sensor", "raw", "name", "family", "state"),
    [
        (CPU1, 96, "CPU1 Temp", "ipmi_temperature_state", 2.0),
        (CPU1, 92, "CPU1 Temp", "ipmi_temperature_state", 0.0),  # over non-critical alone
        (FAN1, 5, "Fan1", "ipmi_fan_speed_state", 2.0),
        (PSU2, 0x09, "PS2 Status", "ipmi_sensor_state", 2.0),  # its input is lost
        (DRIVE0, 0x05, "Drive 0", "ipmi_sensor_state", 2.0),  # it will fail soon
    ],
)
async def test_threshold_crossed_and_back(
    bmc: SimulatedBmc, sensor: int, raw: int, name: str, family: str, state: float
) -> None:
    source = source_of(lan_bmc(bmc.port))
    assert value_of(await source.collect(), family, name=name) == 0.0
    before = value_of(await source.collect(), "ipmi_sel_logs_count")
    bmc.set_sensor(sensor, raw)
    await collect_until(source, family, state, name=name)
    if state:
        assert value_of(await source.collect(), "ipmi_sel_logs_count") > before
    bmc.set_sensor(sensor, {CPU1: 51, FAN1: 120}.get(sensor, 1))
    await collect_until(source, family, 0.0, name=name)
    source.close()


async def test_watts_and_power_change(bmc: SimulatedBmc) -> None:
    source = source_of(lan_bmc(bmc.port))
    bmc.set_file("watts", 500)
    bmc.set_file("power", 0)
    await collect_until(source, "ipmi_dcmi_power_consumption_watts", 500.0)
    await collect_until(source, "ipmi_chassis_power_state", 0.0)
    source.close()


async def test_bmc_stopped_and_back(bmc: SimulatedBmc) -> None:
    """Without an answer all collectors are down; a BMC that has started anew, without the session, is up again."""
    way = lan_bmc(bmc.port)
    source = source_of(way)
    assert await ups(source) == {1.0}
    bmc.stop()
    impatient = source_of(lan_bmc(bmc.port, timeout=SHORT_S), timeout=SHORT_S)
    assert await ups(impatient) == {0.0}
    assert set(impatient.problems()) == set(COLLECTORS)
    bmc.start()
    assert await ups(impatient) == {1.0}
    assert await ups(source) == {1.0}
    assert way.left_behind == 0
    source.close()
    impatient.close()


async def test_bmc_frozen_and_back(bmc: SimulatedBmc) -> None:
    """One that freezes within a session is given up in time, and leaves no thread behind."""
    way = lan_bmc(bmc.port, timeout=SHORT_S)
    source = source_of(way, timeout=SHORT_S)
    assert await ups(source) == {1.0}
    bmc.freeze()
    for _ in range(5):
        with trio.fail_after(5 * SHORT_S):
            assert await ups(source) == {0.0}
    bmc.thaw()
    with trio.fail_after(10):
        while await ups(source) != {1.0}:
            await trio.sleep(0.1)
    assert way.left_behind == 0
    source.close()


@pytest.mark.parametrize(
    ("user", "password", "reason"),
    [("admin", "not-the-secret", "Incorrect password"), ("nobody", "not-the-secret", "Unauthorized name")],
)
async def test_login_refused(
    bmc: SimulatedBmc, user: str, password: str, reason: str, caplog: pytest.LogCaptureFixture
) -> None:
    """The reason is told, and the password is not."""
    source = source_of(lan_bmc(bmc.port, user=user, password=password))
    with caplog.at_level(logging.DEBUG):
        assert await ups(source) == {0.0}
    assert reason in source.problems()["ipmi"]
    assert "check user and password_file" in source.problems()["ipmi"]
    assert "bmc failed" in caplog.text
    assert password not in f"{source.problems()}{caplog.text}{caplog.records[0].__dict__}"
    source.close()


def test_password_is_not_shown() -> None:
    assert PASSWORD not in repr(LanTarget("10.0.0.1", 623, "admin", PASSWORD))


@contextmanager
def nonsense_server(answer: bytes) -> Iterator[int]:
    """Answers every datagram with ``answer``."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))

        def serve() -> None:
            while (received := server.recvfrom(4096))[0] != b"stop":
                server.sendto(answer, received[1])

        thread = threading.Thread(target=serve)
        thread.start()
        yield server.getsockname()[1]
        server.sendto(b"stop", server.getsockname())
        thread.join()


@pytest.mark.parametrize("answer", [b"", b"x", b"\x06\x00\xff\x07", b"\x06\x00\xff\x07\x06" + bytes(7), bytes(3000)])
async def test_nonsense_is_no_answer(answer: bytes) -> None:
    with nonsense_server(answer) as port:
        source = source_of(lan_bmc(port, timeout=SHORT_S), timeout=SHORT_S)
        assert await ups(source) == {0.0}
        assert "no answer to the login" in source.problems()["ipmi"]


async def test_lost_datagrams_are_sent_again(bmc: SimulatedBmc) -> None:
    """Every ninth datagram is lost on its way; all collectors are up still."""
    async with trio.open_nursery() as nursery:
        front = trio.socket.socket(trio.socket.AF_INET, trio.socket.SOCK_DGRAM)
        back = trio.socket.socket(trio.socket.AF_INET, trio.socket.SOCK_DGRAM)
        await front.bind(("127.0.0.1", 0))
        await back.connect(("127.0.0.1", bmc.port))
        lost = 0
        client = None

        async def there() -> None:
            nonlocal lost, client
            count = 0
            while True:
                data, client = await front.recvfrom(4096)
                count += 1
                if count % 9:
                    await back.send(data)
                else:
                    lost += 1

        async def and_back() -> None:
            while True:
                await front.sendto(await back.recv(4096), client)

        nursery.start_soon(there)
        nursery.start_soon(and_back)
        source = source_of(lan_bmc(front.getsockname()[1], timeout=30), timeout=30, collectors=("bmc", "chassis"))
        families = []
        while lost < 2:
            families = await source.collect()
            assert [value_of(families, "ipmi_up", collector=name) for name in ("bmc", "chassis")] == [1.0, 1.0]
        source.close()
        nursery.cancel_scope.cancel()
    front.close()
    back.close()


async def test_thread_that_hangs_is_left_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    """Below the session's own deadline a look-up of a name may hang: such threads are few, and counted."""
    end = threading.Event()

    def hang(*_arguments: object, **_more: object) -> None:
        end.wait(30)
        raise OSError(0, "it ended")

    monkeypatch.setattr("vedette_agent.ipmi.session._PatientSession", hang)
    way = lan_bmc(1, timeout=0.05)
    source = source_of(way, timeout=0.05)
    reasons = []
    for _ in range(5):
        assert await ups(source) == {0.0}
        reasons.append(source.problems()["ipmi"])
    assert reasons == ["no answer within 0.05 s"] * 3 + ["3 threads that asked it hang; one has to end first"] * 2
    assert way.left_behind == 3
    assert value_of(await source.collect(), "vedette_agent_ipmi_left_behind_total") == 3.0
    end.set()


async def test_twenty_at_the_same_time(tmp_path: Path, dcmi_module: Path) -> None:
    bmcs = [SimulatedBmc(tmp_path / str(at), with_dcmi=dcmi_module) for at in range(20)]
    try:
        sources = [source_of(lan_bmc(bmc.port)) for bmc in bmcs]
        found = []

        async def ask(source: BmcSource) -> None:
            found.append(await ups(source))

        for _ in range(2):
            async with trio.open_nursery() as nursery:
                for source in sources:
                    nursery.start_soon(ask, source)
        assert found == [{1.0}] * 40
        for source in sources:
            source.close()
    finally:
        for bmc in bmcs:
            bmc.stop()
