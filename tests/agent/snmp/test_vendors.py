"""Modules of vendors, on recordings made up for the test: real identifiers, plausible values, no real device."""

from typing import Any

from tests.agent.snmp.agents import NEED_SNMPSIM, snmpsim
from tests.agent.snmp.devices import by_name, device
from tests.agent.snmp.switches import recording

APC = (1, 3, 6, 1, 4, 1, 318, 1, 1)
UP_TIME = ((1, 3, 6, 1, 2, 1, 1, 3, 0), "67", "100")


@NEED_SNMPSIM
async def test_apc(tmp_path: Any) -> None:
    """What a device does not have is no series."""
    rows = [
        UP_TIME,
        ((*APC, 1, 2, 1, 1, 0), "2", "2"),
        ((*APC, 1, 2, 2, 1, 0), "66", "97"),
        ((*APC, 1, 2, 2, 3, 0), "67", "180000"),
        ((*APC, 1, 4, 1, 1, 0), "2", "3"),
        ((*APC, 1, 4, 2, 3, 0), "66", "41"),
        ((*APC, 26, 4, 3, 1, 5, 1), "2", "613"),
        ((*APC, 26, 6, 3, 1, 5, 1), "66", "93"),
        ((*APC, 26, 6, 3, 1, 5, 2), "66", "88"),
        ((*APC, 26, 6, 3, 1, 6, 1), "66", "231"),
        ((*APC, 26, 8, 3, 1, 4, 1), "2", "2"),
    ]
    with snmpsim(tmp_path, {"apc": recording(rows)}) as running:
        source = device(running.port, community="apc", modules=["apcups"], answer_timeout="20s")
        found = by_name(await source.collect())
    assert {name: values for name, values in found.items() if not name.startswith("snmp_")} == {
        "upsBasicBatteryStatus": {(): 2.0},
        "upsAdvBatteryCapacity": {(): 97.0},
        "upsAdvBatteryRunTimeRemaining": {(): 180000.0},
        "upsBasicOutputStatus": {(): 3.0},
        "upsAdvOutputLoad": {(): 41.0},
        "rPDU2DeviceStatusPower": {(("rPDU2DeviceStatusIndex", "1"),): 613.0},
        "rPDU2PhaseStatusCurrent": {(("rPDU2PhaseStatusIndex", "1"),): 93.0, (("rPDU2PhaseStatusIndex", "2"),): 88.0},
        "rPDU2PhaseStatusVoltage": {(("rPDU2PhaseStatusIndex", "1"),): 231.0},
        "rPDU2BankStatusLoadState": {(("rPDU2BankStatusIndex", "1"),): 2.0},
    }
