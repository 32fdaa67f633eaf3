"""MegaRAID and PERC controllers: ``storcli`` and ``perccli``, which print the same JSON.

Names, labels and values of ``megaraid_…`` are those of storcli.py among node_exporter's textfile scripts.
Source: StorCLI reference manual.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from vedette_agent.changes import FINE, State
from vedette_agent.documents import Document, at, number, table, text
from vedette_agent.errors import CollectorError
from vedette_agent.raid.megaraid_families import megaraid_families
from vedette_agent.raid.report import ARRAY, BATTERY, CONTROLLER, DISK, RaidReport, Unit
from vedette_agent.raid.states import state_of
from vedette_agent.raid.storcli_document import disk_details, disks_of, index_of, leading_number, roc_temperature
from vedette_shared.events import Severity

SHOW_CONTROLLERS = ("/cALL", "show", "all", "J", "nolog")
SHOW_DISKS = ("/cALL/eALL/sALL", "show", "all", "J", "nolog")

_BATTERIES = ("BBU_Info", "Cachevault_Info")
_NOTHING_FOUND = "no controller"


def parse_storcli(controllers: bytes, disks: bytes = b"") -> RaidReport:
    """Return what the two commands above printed; without the second, less of the disks.

    Raises:
        CollectorError: it is not what they print, or they failed.
    """
    answers = _answers(controllers)
    details = {str(at(a, "Command Status", "Controller")): _response(a) for a in _answers(disks)} if disks else {}
    found = [(_response(answer), details.get(_index(answer), {})) for answer in answers if _succeeded(answer)]
    if not found:
        failures = [text(answer, "Command Status", "Description") for answer in answers]
        if any(_NOTHING_FOUND in failure.lower() for failure in failures):
            return RaidReport()
        raise CollectorError(f"storcli failed: {next(filter(None, failures), 'without saying why')}")
    units = [unit for response, of_disks in found for unit in _units(response, of_disks)]
    return RaidReport(units, megaraid_families(found))


def _answers(output: bytes) -> list[Document]:
    try:
        document = msgspec.json.decode(output)
    except msgspec.MsgspecError as error:
        line = output.decode("utf-8", "replace").strip().partition("\n")[0]
        raise CollectorError(f"storcli printed no JSON: {line[:80]!r}") from error
    return [*table(document, "Controllers")] if isinstance(document, dict) else []


def _succeeded(answer: Document) -> bool:
    return text(answer, "Command Status", "Status") == "Success" and isinstance(at(_response(answer), "Basics"), dict)


def _response(answer: Document) -> Document:
    response = answer.get("Response Data")
    return response if isinstance(response, dict) else {}


def _index(answer: Document) -> str:
    return str(at(answer, "Command Status", "Controller"))


def _units(response: Document, details: Document) -> Iterable[Unit]:
    index = index_of(response)
    status = text(response, "Status", "Controller Status")
    memory = number(response, "Status", "Memory Uncorrectable Errors")
    yield Unit(
        index,
        CONTROLLER,
        about=text(response, "Basics", "Model"),
        states={"": state_of(status)} if status else {},
        counters={} if memory is None else {"memory uncorrectable": int(memory)},
        temperature=roc_temperature(response),
    )
    for array in table(response, "VD LIST"):
        about = " ".join(filter(None, (text(array, "TYPE"), text(array, "Size"), text(array, "Name"))))
        yield Unit(index, ARRAY, text(array, "DG/VD"), about, states={"": state_of(text(array, "State"))})
    for disk in disks_of(response):
        yield _disk(response, details, disk)
    for section in _BATTERIES:
        for place, battery in enumerate(table(response, section)):
            state = text(battery, "State")
            yield Unit(
                index,
                BATTERY,
                f"{section.partition('_')[0].lower()}{place}",
                text(battery, "Model"),
                states={"": state_of(state)} if state else {},
                temperature=leading_number(battery.get("Temp")),
            )


def _disk(response: Document, details: Document, disk: Document) -> Unit:
    state = disk_details(response, details, disk, "State")
    attributes = disk_details(response, details, disk, "Device attributes")
    states = {"": state_of(text(disk, "State"))}
    alert = text(state, "S.M.A.R.T alert flagged by drive")
    if alert:
        states["SMART alert"] = State("flagged", Severity.CRITICAL) if alert == "Yes" else State("none", FINE)
    counters = {"media": "Media Error Count", "predictive failure": "Predictive Failure Count"}
    counted = {name: number(state, field) for name, field in counters.items()}
    serial = text(attributes, "SN")
    return Unit(
        index_of(response),
        DISK,
        text(disk, "EID:Slt").strip(" :"),
        " ".join(filter(None, (text(disk, "Model"), serial))),
        serial,
        states,
        {name: int(count) for name, count in counted.items() if count is not None},
        leading_number(state.get("Drive Temperature")),
    )
