"""What FreeIPMI's tools print, recorded from ipmi_sim and, where marked, shortened."""

from __future__ import annotations

import math

import pytest

from vedette_agent.errors import CollectorError
from vedette_agent.ipmi.freeipmi import parse_chassis, parse_info, parse_sel, parse_sensors, parse_watchdog, parse_watts
from vedette_agent.ipmi.readings import BmcInfo, Chassis, SelInfo, SensorReading, Watchdog

SEL = """SEL version                            : 1.5
Number of log entries                  : 6
Free space remaining                   : 15904 bytes
Recent addition timestamp              : Post-Init 7351 s
"""


def test_sensors() -> None:
    text = "2,Ambient Temp,Temperature,Critical,48.00,C,0018h\n19,PS1 Status,Power Supply,N/A,N/A,N/A,0001h\n"
    ambient, supply = parse_sensors(text)
    assert ambient == SensorReading(2, "Ambient Temp", "Temperature", 2.0, 48.0, "C")
    assert (supply.id, supply.name, supply.type, supply.unit) == (19, "PS1 Status", "Power Supply", "")
    assert math.isnan(supply.state)
    assert math.isnan(supply.value)


@pytest.mark.parametrize("text", ["ipmi_ctx_open: driver busy\n", "2,Fan\n", "2,Fan,Fan,Nominal,fast,RPM,0000h\n"])
def test_sensors_that_are_none(text: str) -> None:
    with pytest.raises(CollectorError, match="ipmi-sensors printed"):
        parse_sensors(text)


def test_info() -> None:
    text = "Firmware Revision     : 9.08\nManufacturer ID       : Dell Inc. (674)\n"
    assert parse_info(text) == BmcInfo("9.08", "Dell Inc. (674)")
    assert parse_info(f"{text}System Firmware Version : 2.6.1\n") == BmcInfo("9.08", "Dell Inc. (674)", "2.6.1")


def test_chassis() -> None:
    faults = "Drive Fault                         : true\nCooling/fan fault                   : false\n"
    assert parse_chassis(f"System Power                        : on\n{faults}") == Chassis(
        True, drive_fault=True, cooling_fault=False
    )
    assert parse_chassis("System Power                        : off\n") == Chassis(False)


def test_watchdog() -> None:
    assert parse_watchdog("rcvd: 25 00 44 11 0F 00 08 07 58 02 \n") == Watchdog(
        is_running=True, use=4, action=1, interrupt=1, logs=True, pretimeout=15.0, initial=180.0, present=60.0
    )
    with pytest.raises(CollectorError, match=r"refuses to tell of its watchdog \(completion code 0xc1\)"):
        parse_watchdog("rcvd: 25 C1 \n")
    with pytest.raises(CollectorError, match="printed what is no answer: 'rcvd: 25 00 44'"):
        parse_watchdog("rcvd: 25 00 44\n")


def test_watts() -> None:
    text = "Current Power                        : 352 Watts\nPower Measurement                    : {}\n"
    assert parse_watts(text.format("Active")) == 352.0
    assert parse_watts(text.format("Not Available")) is None


def test_sel() -> None:
    assert parse_sel(SEL) == SelInfo(6, 15904)


def test_missing_field() -> None:
    with pytest.raises(CollectorError, match="told nothing of 'System Power'"):
        parse_chassis("")
    with pytest.raises(CollectorError, match="'many' for 'Number of log entries'"):
        parse_sel("Number of log entries : many\n")
