"""Words for the events of sensors, by their offset: IPMI specification 2.0, tables 42-2 and 42-3, in short."""

from __future__ import annotations

THRESHOLD_WORDS = (
    "below its lower non-critical threshold", "rising from its lower non-critical threshold",
    "below its lower critical threshold", "rising from its lower critical threshold",
    "below its lower non-recoverable threshold", "rising from its lower non-recoverable threshold",
    "falling from its upper non-critical threshold", "above its upper non-critical threshold",
    "falling from its upper critical threshold", "above its upper critical threshold",
    "falling from its upper non-recoverable threshold", "above its upper non-recoverable threshold",
)  # fmt: skip

GENERIC_WORDS: dict[int, tuple[str, ...]] = {
    0x02: ("idle", "active", "busy"),
    0x03: ("state deasserted", "state asserted"),
    0x04: ("no failure predicted", "failure predicted"),
    0x05: ("limit not exceeded", "limit exceeded"),
    0x06: ("performance met", "performance lags"),
    0x07: (
        "OK", "non-critical from OK", "critical from less severe", "non-recoverable from less severe",
        "non-critical from more severe", "critical from non-recoverable", "non-recoverable", "monitor", "informational",
    ),
    0x08: ("device removed or absent", "device inserted or present"),
    0x09: ("device disabled", "device enabled"),
    0x0A: (
        "running", "in test", "power off", "on line", "off line", "off duty", "degraded", "power save", "install error",
    ),
    0x0B: (
        "fully redundant", "redundancy lost", "redundancy degraded", "not redundant: sufficient from redundant",
        "not redundant: sufficient from insufficient", "not redundant: insufficient resources",
        "redundancy degraded from full", "redundancy degraded from none",
    ),
}  # fmt: skip

SPECIFIC_WORDS: dict[int, tuple[str, ...]] = {
    0x05: (
        "chassis intrusion", "drive bay intrusion", "I/O card area intrusion", "processor area intrusion",
        "LAN leash lost", "unauthorized dock", "fan area intrusion",
    ),
    0x06: (
        "secure mode violation attempt", "wrong user password", "wrong setup password", "wrong network boot password",
        "wrong password", "wrong out-of-band password",
    ),
    0x07: (
        "internal error", "thermal trip", "built-in self test failed", "hang in POST", "startup failure",
        "configuration error", "uncorrectable machine check", "present", "disabled", "terminator present", "throttled",
        "machine check", "correctable machine check",
    ),
    0x08: (
        "present", "failure detected", "failure predicted", "input lost", "input lost or out of range",
        "input out of range", "configuration error", "inactive",
    ),
    0x09: (
        "power off", "power cycle", "240 VA power down", "interlock power down", "AC lost", "soft power control failed",
        "failure detected", "failure predicted",
    ),
    0x0C: (
        "correctable ECC error", "uncorrectable ECC error", "parity error", "memory scrub failed", "memory disabled",
        "correctable ECC log full", "present", "configuration error", "spare", "throttled",
        "critical overtemperature",
    ),
    0x0D: (
        "drive present", "drive fault", "failure predicted", "hot spare", "consistency check in progress",
        "in critical array", "in failed array", "rebuild in progress", "rebuild aborted",
    ),
    0x0F: ("firmware error", "firmware hang", "firmware progress"),
    0x10: (
        "correctable memory error logging disabled", "event logging disabled for a type", "log cleared",
        "all event logging disabled", "log full", "log almost full", "correctable machine check logging disabled",
    ),
    0x12: (
        "reconfigured", "OEM boot event", "undetermined hardware failure", "entry added to the auxiliary log",
        "platform event filter action", "clock set",
    ),
    0x13: (
        "front panel NMI", "bus timeout", "I/O channel check NMI", "software NMI", "PCI parity error",
        "PCI system error",
        "EISA fail safe timeout", "bus correctable error", "bus uncorrectable error", "fatal NMI", "bus fatal error",
        "bus degraded",
    ),
    0x14: ("power button", "sleep button", "reset button", "FRU latch open", "FRU service request"),
    0x1B: ("connected", "incorrect cable"),
    0x1E: ("no bootable media", "no disk in the drive", "PXE server not found", "invalid boot sector", "boot timeout"),
    0x1F: (
        "A: boot completed", "C: boot completed", "PXE boot completed", "diagnostic boot completed",
        "CD-ROM boot completed", "ROM boot completed", "boot completed", "installation started",
        "installation completed", "installation aborted", "installation failed",
    ),
    0x20: (
        "stopped while booting", "stopped at run time", "graceful stop", "graceful shutdown", "soft shutdown",
        "agent does not respond",
    ),
    0x21: (
        "fault", "identify", "device installed", "ready for installation", "ready for removal", "power off",
        "removal request", "interlock", "disabled", "holds a spare",
    ),
    0x22: (
        "S0/G0: working", "S1: sleeping", "S2: sleeping", "S3: sleeping", "S4: suspended to disk", "S5/G2: soft off",
        "S4/S5: soft off", "G3: mechanical off", "sleeping", "G1: sleeping", "S5: entered by override",
        "legacy on", "legacy off", "unknown",
    ),
    0x23: ("timer expired", "hard reset", "power down", "power cycle", "", "", "", "", "timer interrupt"),
    0x25: ("present", "absent", "disabled"),
    0x28: (
        "sensor access degraded", "controller access degraded", "controller off line", "controller unavailable",
        "sensor failure", "FRU failure",
    ),
    0x29: ("low", "failed", "present"),
    0x2A: ("session activated", "session deactivated", "invalid user or password", "user disabled by bad passwords"),
    0x2B: (
        "hardware change detected", "firmware change detected", "hardware incompatible", "firmware incompatible",
        "hardware unsupported", "firmware unsupported", "hardware change succeeded", "firmware change succeeded",
    ),
    0x2C: (
        "not installed", "inactive", "activation requested", "activation in progress", "active",
        "deactivation requested", "deactivation in progress", "communication lost",
    ),
}  # fmt: skip
