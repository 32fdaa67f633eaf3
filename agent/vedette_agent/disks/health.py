"""What of a disk is worth an event when it changes.

Sources: the names of ATA attributes in smartmontools' drive database; for critical warnings the NVM Express Base
Specification 2.0, figure 208.
"""

from __future__ import annotations

from vedette_agent.changes import Part, State
from vedette_agent.disks.smartctl import DiskReport
from vedette_agent.documents import Document, number, table, text
from vedette_shared.events import Severity

_ATTRIBUTES = {
    5: "reallocated sectors",
    187: "reported uncorrectable errors",
    197: "pending sectors",
    198: "uncorrectable sectors",
}
_PATHS = {
    "media errors": ("nvme_smart_health_information_log", "media_errors"),
    "grown defects": ("scsi_grown_defect_list",),
    "uncorrected read errors": ("scsi_error_counter_log", "read", "total_uncorrected_errors"),
    "uncorrected write errors": ("scsi_error_counter_log", "write", "total_uncorrected_errors"),
    "uncorrected verify errors": ("scsi_error_counter_log", "verify", "total_uncorrected_errors"),
}
_WARNINGS = (
    "spare capacity is low",
    "temperature is out of bounds",
    "reliability is degraded",
    "media are read-only",
    "backup of volatile memory has failed",
    "persistent memory region is unreliable",
)
_FAILING_NOW = "now"


def part_of(report: DiskReport) -> Part | None:
    """Return the disk of ``report``; ``None`` if that tells nothing of how it is now."""
    document, device = report.document, report.device
    if report.asleep or not document:
        return None
    serial = text(document, "serial_number")
    model = text(document, "model_name") or text(document, "scsi_model_name")
    title = f"disk {device.label}" + (f" ({' '.join(filter(None, (model, serial)))})" if model or serial else "")
    key = f"{model}/{serial}" if serial else device.label
    labels = {"device": device.label, "model": model, "serial": serial}
    labels = {name: value for name, value in labels.items() if value}
    return Part(key, title, device.label, labels, _states(document), _counters(document))


def _states(document: Document) -> dict[str, State]:
    states = {}
    passed = number(document, "smart_status", "passed")
    if passed is not None:
        states["SMART health"] = State("passed") if passed else State("failed", Severity.CRITICAL)
    warnings = number(document, "nvme_smart_health_information_log", "critical_warning")
    if warnings is not None:
        found = [words for bit, words in enumerate(_WARNINGS) if int(warnings) >> bit & 1]
        other = int(warnings) >> len(_WARNINGS)
        words = ", ".join([*found, *([f"bits {other << len(_WARNINGS):#x}"] if other else [])])
        states["critical warning"] = State(words, Severity.CRITICAL) if words else State("none")
    attributes = table(document, "ata_smart_attributes", "table")
    if attributes:
        failing = [text(row, "name") for row in attributes if text(row, "when_failed") == _FAILING_NOW]
        is_below = State(", ".join(failing), Severity.WARNING) if failing else State("none")
        states["attributes at their threshold"] = is_below
    return states


def _counters(document: Document) -> dict[str, int]:
    counters = {}
    for attribute in table(document, "ata_smart_attributes", "table"):
        name = _ATTRIBUTES.get(int(number(attribute, "id") or 0))
        raw = number(attribute, "raw")
        if name is not None and raw is not None:
            counters[name] = int(raw)
    for name, path in _PATHS.items():
        value = number(document, *path)
        if value is not None:
            counters[name] = int(value)
    return counters
