"""smartctl's JSON, and what its exit status says.

Source: the manual page smartctl(8) of smartmontools 7.5, option ``--json``; its section on the exit status.
"""

from __future__ import annotations

import re

import msgspec

from vedette_agent.documents import Document, fields, number, table, text
from vedette_agent.errors import CollectorError

USAGE_ERROR = 1 << 0
OPEN_FAILED = 1 << 1
"""The device could not be opened, or sleeps."""

_NOT_KEPT = re.compile(
    r"ata_sct_temperature_history|ata_(log_directory|smart_data|sct_capabilities|smart_selective_self_test_log)"
    r"|ata_pending_defects_log|nvme_(error_information|self_test)_log|scsi_(self_test_\d+|sas_port_\d+|background_scan)"
)
"""Long, and not read."""
_OLD = re.compile(rb"smartctl [56]\.")
_ASLEEP = re.compile(r"Device is in (STANDBY|SLEEP)")


def parse_document(output: bytes) -> Document:
    """Return the document in ``output``.

    Raises:
        CollectorError: there is none.
    """
    # Versions before 7.3 print a line of text before the document of some disks.
    start = output.find(b"{")
    try:
        document = msgspec.json.decode(output[max(start, 0) :].strip())
    except msgspec.MsgspecError as error:
        hint = "; version 7.0 or later of smartmontools is needed" if _OLD.match(output) else ""
        raise CollectorError(f"smartctl printed no JSON: {_beginning(output)}{hint}") from error
    if not isinstance(document, dict) or "smartctl" not in document:
        raise CollectorError(f"smartctl printed JSON that is none of its: {_beginning(output)}")
    for _, log in [*fields(document, "ata_smart_error_log"), *fields(document, "ata_smart_self_test_log")]:
        log.pop("table", None)
    return {name: value for name, value in document.items() if not _NOT_KEPT.match(name)}


def exit_status(document: Document) -> int:
    """smartctl's exit status, a mask of bits."""
    return int(number(document, "smartctl", "exit_status") or 0)


def asleep(document: Document) -> str:
    """Return ``STANDBY`` or ``SLEEP`` for a disk that sleeps and was left to; else nothing."""
    if exit_status(document) & OPEN_FAILED:
        for message in table(document, "smartctl", "messages"):
            if match := _ASLEEP.search(text(message, "string")):
                return match[1]
    return ""


def failure(document: Document) -> str:
    """Return why smartctl could not ask the disk; nothing if it could.

    The upper bits of the exit status are no failure: they tell of the disk's health.
    """
    if not exit_status(document) & (USAGE_ERROR | OPEN_FAILED):
        return ""
    messages = table(document, "smartctl", "messages")
    errors = [text(message, "string") for message in messages if text(message, "severity") == "error"]
    return errors[0] if errors else f"smartctl failed with exit status {exit_status(document)}"


def _beginning(output: bytes) -> str:
    line = output.decode("utf-8", "replace").strip().partition("\n")[0]
    return repr(line[:80]) if line else "nothing"
