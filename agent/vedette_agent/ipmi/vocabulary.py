"""Names that IPMI gives numbers for: types of sensors, units, manufacturers."""

from __future__ import annotations

_TYPES = (
    "Reserved", "Temperature", "Voltage", "Current", "Fan", "Physical Security", "Platform Security Violation Attempt",
    "Processor", "Power Supply", "Power Unit", "Cooling Device", "Other Units Based Sensor", "Memory", "Drive Slot",
    "POST Memory Resize", "System Firmware Progress", "Event Logging Disabled", "Watchdog 1", "System Event",
    "Critical Interrupt", "Button/Switch", "Module/Board", "Microcontroller/Coprocessor", "Add In Card", "Chassis",
    "Chip Set", "Other Fru", "Cable/Interconnect", "Terminator", "System Boot Initiated", "Boot Error", "OS Boot",
    "OS Critical Stop", "Slot/Connector", "System ACPI Power State", "Watchdog 2", "Platform Alert", "Entity Presence",
    "Monitor ASIC/IC", "LAN", "Management Subsystem Health", "Battery", "Session Audit", "Version Change", "FRU State",
)  # fmt: skip
"""Table 42-3 of the specification, spelled as FreeIPMI prints it."""

_OEM_TYPES = 0xC0

UNITS = {
    1: "C", 2: "F", 3: "K", 4: "V", 5: "A", 6: "W", 7: "J", 9: "VA", 14: "KPA", 15: "PSI", 17: "CFM", 18: "RPM",
    19: "Hz", 20: "us", 21: "ms", 22: "s", 23: "min", 24: "hr", 25: "day", 54: "ohms", 60: "dB", 61: "DbA", 62: "DbC",
    66: "b", 67: "Kb", 68: "Mb", 69: "Gb", 70: "B", 71: "KB", 72: "MB", 73: "GB",
}  # fmt: skip
"""Base units of table 43-15 that sensors of servers have."""

_MANUFACTURERS = {
    2: "IBM", 11: "Hewlett-Packard", 42: "Sun Microsystems", 111: "Oracle", 116: "Hitachi, Ltd.", 161: "Motorola",
    186: "Toshiba Corporation", 211: "Fujitsu Limited", 343: "Intel Corporation", 373: "Tatung Co., Ltd.",
    674: "Dell Inc.", 2011: "HUAWEI Technology Co.,Ltd", 4753: "MontaVista Software, Inc.",
    5593: "Magnum Technologies Inc.", 5771: "Cisco Systems, Inc.", 6569: "INVENTEC CORPORATION",
    6653: "Tyan Computer Corporation", 7154: "Intelligent Platform Management Interface forum",
    7244: "Quanta Computer Inc.", 9237: "Newisys", 10297: "Advantech Co., Ltd.",
    10368: "Fujitsu Technology Solutions GmbH", 10418: "Avocent Corporation", 10437: "Peppercon AG",
    10876: "Super Micro Computer Inc.", 15000: "Kontron Canada Inc", 15370: "GIGA-BYTE TECHNOLOGY CO., LTD",
    19046: "Lenovo Enterprise Business Group", 20974: "American Megatrends, Inc", 25506: "H3C",
    33049: "Mellanox Technologies LTD", 37945: "Inspur(BeiJing) Electronic Information Industry Co.,Ltd",
    47196: "Hewlett Packard Enterprise",
}  # fmt: skip
"""Enterprise numbers, as registered with IANA, of those who make servers and their BMCs."""


def sensor_type_name(number: int) -> str:
    """Return the name of a type of sensor."""
    if number < len(_TYPES):
        return _TYPES[number]
    return "OEM Reserved" if number >= _OEM_TYPES else "Unrecognized"


def manufacturer_name(number: int) -> str:
    """Return a manufacturer's name and number: ``Dell Inc. (674)``; the number alone if the name is not known."""
    name = _MANUFACTURERS.get(number)
    return f"{name} ({number})" if name else f"{number}"
