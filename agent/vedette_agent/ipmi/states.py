"""How the bits that a sensor asserts are judged: nominal, warning, critical.

The bits are those of the IPMI specification 2.0, tables 42-2 (generic) and 42-3 (by type of sensor); the judgement is
the default of FreeIPMI, as its freeipmi_interpret_sensor.conf lists it. Each text below has one letter a bit, from
bit 0: N nominal, W warning, C critical. A bit without a letter is not judged.
"""

from __future__ import annotations

import math

from vedette_agent.ipmi.readings import CRITICAL, NOMINAL, WARNING

THRESHOLD, DIGITAL, SENSOR_SPECIFIC = 0x01, 0x03, 0x6F
"""Event/reading type codes."""

THRESHOLD_BITS = 0x3F
_CRITICAL_THRESHOLDS = 0x36
"""Beyond a critical or a non-recoverable threshold; the non-critical ones, bits 0 and 3, are nominal."""

_SEVERITY = {"N": NOMINAL, "W": WARNING, "C": CRITICAL}

_GENERIC = {
    0x02: "NNN",  # idle, active, busy
    0x04: "NC",  # predictive failure
    0x05: "NC",  # limit
    0x06: "NC",  # performance
    0x07: "NWCCWCCWN",  # transition of severity
    0x08: "CN",  # device absent, present
    0x0A: "NWWWWWCWC",  # availability
    0x0B: "NCWCCCWW",  # redundancy
}

_STATE_ASSERTED = {
    0x01: "NW", 0x02: "NW", 0x04: "NW", 0x07: "NC", 0x08: "NW", 0x09: "NW", 0x0C: "NC", 0x0D: "WN", 0x0E: "NW",
    0x0F: "NW", 0x12: "NW", 0x14: "NN", 0x15: "NC", 0x1E: "NC", 0x20: "NC", 0x24: "NC",
}  # fmt: skip

_SPECIFIC = {
    0x05: "CCCCCCC",  # physical security
    0x06: "CCCCCC",  # violation attempt
    0x07: "CCCCCCCNCCWCW",  # processor
    0x08: "NCCCCCCW",  # power supply
    0x09: "NNWWCCCC",  # power unit
    0x0C: "WCCCCWNCNWC",  # memory
    0x0D: "NCCNNCCNC",  # drive slot
    0x0F: "CCN",  # firmware progress
    0x10: "CCNCCWC",  # event logging
    0x12: "WNCNNW",  # system event
    0x13: "CCCWCCCWCCCW",  # critical interrupt
    0x14: "NNNWW",  # button, switch
    0x1B: "NC",  # cable
    0x1E: "CCCCW",  # boot error
    0x1F: "NNNNNNWNNWC",  # OS boot
    0x21: "CWNNNNWWWN",  # slot, connector
    0x22: "NNNNNNNNNNNNNCC",  # ACPI power state
    0x23: "WCCCNNNNW",  # watchdog 2
    0x25: "NCC",  # entity presence
    0x28: "CCCCCC",  # management subsystem health
    0x29: "WCN",  # battery
    0x2A: "NNWC",  # session audit
    0x2B: "WWCCCCNN",  # version change
    0x2C: "CCWWNWWC",  # FRU state
}


def state_of(sensor_type: int, event_type: int, bits: int) -> float:
    """Return the worst state among the asserted ``bits``; NaN where no judgement of such a sensor is known."""
    if event_type == THRESHOLD:
        return CRITICAL if bits & _CRITICAL_THRESHOLDS else NOMINAL
    if event_type == SENSOR_SPECIFIC:
        letters = _SPECIFIC.get(sensor_type)
    elif event_type == DIGITAL:
        letters = _STATE_ASSERTED.get(sensor_type)
    else:
        letters = _GENERIC.get(event_type)
    if letters is None:
        return math.nan
    return max((_SEVERITY[letter] for bit, letter in enumerate(letters) if bits >> bit & 1), default=NOMINAL)
