"""``megaraid_…``: names, labels and values of storcli.py among node_exporter's textfile scripts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from vedette_agent.collectors.families import GAUGE, Families, Metric, UniqueFamilies
from vedette_agent.documents import Document, at, number, table, text
from vedette_agent.raid.storcli_document import disk_details, disks_of, index_of, leading_number, roc_temperature
from vedette_shared.labels import Labels, make_labels
from vedette_shared.metrics import MetricFamily

_HEALTHY_BATTERIES = (0.0, 32.0)
"""Of a CacheVault, and of a battery."""
_TIME = "%m/%d/%Y, %H:%M:%S"
_HBA = "mpt3sas"
_OF_DISKS = (
    ("pd_shield_counter", "State", "Shield Counter"),
    ("pd_media_errors", "State", "Media Error Count"),
    ("pd_other_errors", "State", "Other Error Count"),
    ("pd_predictive_errors", "State", "Predictive Failure Count"),
    ("pd_smart_alerted", "State", "S.M.A.R.T alert flagged by drive"),
    ("pd_link_speed_gbps", "Device attributes", "Link Speed"),
    ("pd_device_speed_gbps", "Device attributes", "Device Speed"),
    ("pd_commissioned_spare", "Policies/Settings", "Commissioned Spare"),
    ("pd_emergency_spare", "Policies/Settings", "Emergency Spare"),
)


def megaraid_families(controllers: Sequence[tuple[Document, Document]]) -> list[MetricFamily]:
    """Return the families of ``controllers``: of each, what it tells of itself and of its disks in detail."""
    out = UniqueFamilies()
    for response, details in controllers:
        _add_controller(out, response)
        _add_arrays(out, response)
        _add_disks(out, response, details)
    return out.all()


def _add(out: Families, name: str, value: float | None, labels: Labels) -> None:
    if value is not None:
        out.add(Metric(f"megaraid_{name}", GAUGE, f"MegaRAID {name.replace('_', ' ')}"), value, labels)


def _add_controller(out: Families, response: Document) -> None:
    labels = _controller(response)
    about = {
        "model": text(response, "Basics", "Model"),
        "serial": text(response, "Basics", "Serial Number"),
        "fwversion": text(response, "Version", "Firmware Version"),
    }
    _add(out, "controller_info", 1.0, make_labels(about, controller=dict(labels)["controller"]))
    _add(out, "temperature", roc_temperature(response), labels)
    _add(out, "ports", number(response, "HwCfg", "Backend Port Count"), labels)
    status = text(response, "Status", "Controller Status")
    if text(response, "Version", "Driver Name") == _HBA:
        _add(out, "healthy", float(status == "OK"), labels)
        return
    for name, good in (("degraded", "Degraded"), ("failed", "Failed"), ("healthy", "Optimal")):
        _add(out, name, float(status == good), labels)
    if at(response, "Status", "BBU Status") is not None:
        healthy = number(response, "Status", "BBU Status") in _HEALTHY_BATTERIES
        _add(out, "battery_backup_healthy", float(healthy), labels)
    patrol = text(response, "Scheduled Tasks", "Patrol Read Reoccurrence")
    if patrol:
        _add(out, "scheduled_patrol_read", float("hrs" in patrol), labels)
    for section, name, index in (("Cachevault_Info", "cv", "cvidx"), ("BBU_Info", "bbu", "bbuidx")):
        for place, battery in enumerate(table(response, section)):
            temperature = leading_number(battery.get("Temp"))
            _add(out, f"{name}_temperature", temperature, make_labels(labels, **{index: str(place)}))
    _add(out, "time_difference", _time_difference(response), labels)


def _time_difference(response: Document) -> float | None:
    try:
        host = datetime.strptime(text(response, "Basics", "Current System Date/time"), _TIME)  # noqa: DTZ007  both local
        own = datetime.strptime(text(response, "Basics", "Current Controller Date/Time"), _TIME)  # noqa: DTZ007
    except ValueError:
        return None
    return float(abs(host - own).seconds)


def _add_arrays(out: Families, response: Document) -> None:
    labels = _controller(response)
    for name in ("Drive Groups", "Virtual Drives"):
        _add(out, name.lower().replace(" ", "_"), number(response, name), labels)
    for array in table(response, "VD LIST"):
        group, _, volume = text(array, "DG/VD").partition("/")
        about = {"name": "Name", "cache": "Cache", "type": "TYPE", "state": "State"}
        of_array = {label: text(array, field) for label, field in about.items()}
        _add(out, "vd_info", 1.0, make_labels([*of_array.items(), *labels], DG=group, VG=volume))


def _add_disks(out: Families, response: Document, details: Document) -> None:
    labels = _controller(response)
    disks = disks_of(response)
    listed = number(response, "Physical Drives")
    _add(out, "physical_drives", listed if listed is not None else float(len(disks)), labels)
    for disk in disks:
        enclosure, _, slot = text(disk, "EID:Slt").rpartition(":")
        place = make_labels(labels, enclosure=enclosure.strip(), slot=slot.strip())
        for name, section, field in _OF_DISKS:
            _add(out, name, _value(disk_details(response, details, disk, section).get(field)), place)
        attributes = disk_details(response, details, disk, "Device attributes")
        about = {"interface": "Intf", "media": "Med", "model": "Model", "state": "State"}
        info = {label: text(disk, field) for label, field in about.items()}
        info |= {"disk_id": _plain(disk.get("DID")), "DG": _plain(disk.get("DG"))}
        info |= {"firmware": text(attributes, "Firmware Revision"), "serial": text(attributes, "SN")}
        _add(out, "pd_info", 1.0, make_labels([*info.items(), *place]))


def _value(value: object) -> float | None:
    """``Yes`` and ``No`` are 1 and 0, and ``6.0Gb/s`` is 6."""
    if isinstance(value, str) and value in ("Yes", "No"):
        return float(value == "Yes")
    return leading_number(value)


def _plain(value: object) -> str:
    return "" if value is None else str(value).strip()


def _controller(response: Document) -> Labels:
    return make_labels(controller=index_of(response))
