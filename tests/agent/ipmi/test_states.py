"""How asserted bits are judged, compared with the defaults that FreeIPMI documents in its own configuration file."""

from __future__ import annotations

import math
import re
from pathlib import Path

import pytest

from vedette_agent.ipmi.readings import CRITICAL, NOMINAL, WARNING
from vedette_agent.ipmi.states import state_of

INTERPRETATION = Path("/etc/freeipmi/freeipmi_interpret_sensor.conf")
STATES = {"Nominal": NOMINAL, "Warning": WARNING, "Critical": CRITICAL}

SPECIFIC = 0x6F
TYPES = {
    "Physical_Security": 0x05, "Platform_Security_Violation_Attempt": 0x06, "Processor": 0x07, "Power_Supply": 0x08,
    "Power_Unit": 0x09, "Memory": 0x0C, "Drive_Slot": 0x0D, "System_Firmware_Progress": 0x0F,
    "Event_Logging_Disabled": 0x10, "System_Event": 0x12, "Critical_Interrupt": 0x13, "Button_Switch": 0x14,
    "Cable_Interconnect": 0x1B, "Boot_Error": 0x1E, "OS_Boot": 0x1F, "Slot_Connector": 0x21,
    "System_ACPI_Power_State": 0x22, "Watchdog2": 0x23, "Entity_Presence": 0x25, "Management_Subsystem_Health": 0x28,
    "Battery": 0x29, "Session_Audit": 0x2A, "Version_Change": 0x2B, "FRU_State": 0x2C,
}  # fmt: skip
GENERIC = {
    "Temperature_State": (0x01, 0x03),
    "Fan_State": (0x04, 0x03),
    "Processor_State": (0x07, 0x03),
    "Memory_State": (0x0C, 0x03),
    "Drive_Slot_State": (0x0D, 0x03),
    "Button_Switch_State": (0x14, 0x03),
    "Platform_Alert_State": (0x24, 0x03),
    "Drive_Slot_Predictive_Failure": (0x0D, 0x04),
    "Temperature_Limit": (0x01, 0x05),
    "Voltage_Performance": (0x02, 0x06),
    "Power_Supply_Transition_Severity": (0x08, 0x07),
    "Power_Unit_Device_Present": (0x09, 0x08),
    "Fan_Transition_Availability": (0x04, 0x0A),
    "Fan_Redundancy": (0x04, 0x0B),
}


@pytest.mark.parametrize(
    ("bits", "state"),
    [
        (0b000000, NOMINAL),
        (0b000001, NOMINAL),  # below lower non-critical
        (0b000011, CRITICAL),  # below lower critical
        (0b000100, CRITICAL),  # below lower non-recoverable
        (0b001000, NOMINAL),  # above upper non-critical
        (0b011000, CRITICAL),  # above upper critical
        (0b100000, CRITICAL),  # above upper non-recoverable
    ],
)
def test_thresholds(bits: int, state: float) -> None:
    assert state_of(0x01, 0x01, bits) == state


def test_worst_bit_counts() -> None:
    """A power supply that is present (nominal) and inactive (warning), and one that has failed as well."""
    assert state_of(0x08, SPECIFIC, 0x81) == WARNING
    assert state_of(0x08, SPECIFIC, 0x83) == CRITICAL


def test_unknown_kinds_have_no_state() -> None:
    assert math.isnan(state_of(0xC0, SPECIFIC, 1))
    assert math.isnan(state_of(0x03, 0x03, 1))
    assert math.isnan(state_of(0x08, 0x70, 1))


def documented(group: str) -> list[float]:
    """The states of a group's bits in FreeIPMI's file, from bit 0: the lines after the one for no event at all."""
    found = []
    inside = False
    for line in INTERPRETATION.read_text().splitlines():
        match = re.fullmatch(r"#? ?IPMI_(\w+)\s+(Nominal|Warning|Critical)", line.strip())
        if match is None:
            continue
        if match[1].endswith("No_Event"):
            inside = match[1] in (f"{group}_No_Event", f"{group}_Device_No_Event")
        elif inside:
            found.append(STATES[match[2]])
    return found


@pytest.mark.skipif(not INTERPRETATION.exists(), reason="freeipmi-common is not installed")
@pytest.mark.parametrize("group", [*GENERIC])
def test_generic_bits_as_freeipmi_documents_them(group: str) -> None:
    kind, event_type = GENERIC[group]
    states = documented(group)
    assert [state_of(kind, event_type, 1 << bit) for bit in range(len(states))] == states
    assert states


@pytest.mark.skipif(not INTERPRETATION.exists(), reason="freeipmi-common is not installed")
@pytest.mark.parametrize("group", [*TYPES])
def test_bits_of_a_type_as_freeipmi_documents_them(group: str) -> None:
    states = documented(group)
    assert [state_of(TYPES[group], SPECIFIC, 1 << bit) for bit in range(len(states))] == states
    assert states
