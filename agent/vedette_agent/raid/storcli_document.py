"""Where in the JSON of ``storcli`` and ``perccli`` what is."""

from __future__ import annotations

import re

from vedette_agent.documents import Document, at, number, table, text

_NUMBER = re.compile(r"-?\d+")


def leading_number(value: object) -> float | None:
    """Return the number that a text such as ``" 21C (69.80 F)"`` begins with."""
    match = _NUMBER.search(str(value)) if value is not None else None
    return float(match[0]) if match else None


def index_of(response: Document) -> str:
    """The controller's number."""
    return f"{number(response, 'Basics', 'Controller') or 0:.0f}"


def disks_of(response: Document) -> list[Document]:
    """The disks of a controller, one that has arrays or one that has not."""
    rows = [*table(response, "PD LIST")]
    plain = response.get("Physical Device Information")
    if not rows and isinstance(plain, dict):
        rows = [row for value in plain.values() if isinstance(value, list) for row in value if isinstance(row, dict)]
    return [row for row in rows if text(row, "EID:Slt")]


def _disk_path(response: Document, disk: Document) -> str:
    """Return how the program calls a disk: ``/c0/e252/s1``."""
    enclosure, _, slot = text(disk, "EID:Slt").rpartition(":")
    between = f"/e{enclosure.strip()}" if enclosure.strip() else ""
    return f"/c{index_of(response)}{between}/s{slot.strip()}"


def disk_details(response: Document, details: Document, disk: Document, section: str) -> Document:
    """Return a section of what is told of a disk in detail; empty if that is not known."""
    path = _disk_path(response, disk)
    found = at(details, f"Drive {path} - Detailed Information", f"Drive {path} {section}")
    return found if isinstance(found, dict) else {}


def roc_temperature(response: Document) -> float | None:
    """The temperature of the chip, whose name is misspelt by some versions."""
    hardware = response.get("HwCfg")
    for name, value in hardware.items() if isinstance(hardware, dict) else ():
        if str(name).startswith("ROC temperature"):
            return leading_number(value)
    return None
