"""``modules = "auto"``: what a device says that it is chooses what it is asked."""

from pathlib import Path

import pytest

from tests.agent.snmp.agents import NEED_SNMPSIM, snmpsim
from tests.agent.snmp.devices import by_name, device
from vedette_agent.snmp.ber import parse_oid
from vedette_agent.snmp.declarations import load_modules
from vedette_agent.snmp.errors import SnmpError
from vedette_agent.snmp.recognition import VENDORS, Recognition, recognise

ENTERPRISES = "1.3.6.1.4.1"


@pytest.mark.parametrize(
    ("object_id", "modules"),
    [
        ("9.1.1208", ("if_mib", "cisco_device")),
        ("99.1", ("if_mib",)),
        ("318.1.3.27", ("apcups",)),
        ("318.1.3.4.5", ("apc_rpdu",)),
        ("318.1.3.4.6", ("apcups",)),
        ("1718.3", ("servertech_sentry3",)),
        ("1718.4", ("servertech_sentry4",)),
        ("13742.6", ("raritan_pdu2",)),
        ("674.10892.5", ("dell",)),
        ("674.10895.3000", ("if_mib",)),
        ("2636.1.1.1.2.63", ("if_mib", "juniper", "juniper_optics")),
    ],
)
def test_the_longest_beginning_that_fits(object_id: str, modules: tuple[str, ...]) -> None:
    assert recognise(parse_oid(f"{ENTERPRISES}.{object_id}")) == modules


def test_a_device_that_does_not_say() -> None:
    assert recognise(b"") == ("if_mib",)


def test_all_are_there(tmp_path: Path) -> None:
    """And no two modules of a device have a metric of the same name."""
    for names in VENDORS.values():
        metrics = [
            metric.name
            for module in load_modules(names, tmp_path).values()
            for metric in (*module.get, *(metric for table in module.walk for metric in table.metrics))
        ]
        assert len(set(metrics)) == len(metrics), names


def test_a_module_of_the_folder_that_is_not_sound(tmp_path: Path) -> None:
    """Costs the devices that it is for, with one line; and is read again when the device is asked again."""
    recognition = Recognition(tmp_path)
    dell = parse_oid(f"{ENTERPRISES}.674.10892.5")
    (tmp_path / "dell.toml").write_text("[[gets]]")
    with pytest.raises(SnmpError, match=r"is a device for dell: .*dell\.toml: gets: unknown key"):
        recognition.modules_of(dell)
    (tmp_path / "dell.toml").write_text("")
    assert recognition.modules_of(dell) == load_modules(("dell",), tmp_path)


@NEED_SNMPSIM
async def test_another_device_at_the_same_address(tmp_path: Path) -> None:
    """Is asked by the modules that are its own."""
    recordings = Path(__file__).parent / "vendors"
    names = ("raritan_pdu2", "dell")
    with snmpsim(tmp_path, {name: (recordings / f"{name}.snmprec").read_text() for name in names}) as running:
        source = device(running.port, community="raritan_pdu2", modules="auto", answer_timeout="20s")
        before = by_name(await source.collect())
        source._session = device(running.port, community="dell")._session
        after = by_name(await source.collect())
    asked = [[dict(labels)["module"] for labels in found["snmp_scrape_duration_seconds"]] for found in (before, after)]
    assert asked == [["raritan_pdu2"], ["dell"]]
    assert "measurementsInletSensorValue" in before
    assert after["globalSystemStatus"] == {(): 4.0}
