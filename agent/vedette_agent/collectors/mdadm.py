"""Software RAID: ``/proc/mdstat``, and ``/sys/block/md*/md``, see Documentation/admin-guide/md.rst."""

from __future__ import annotations

import re
from typing import NamedTuple

from vedette_agent.collectors.attributes import Attribute
from vedette_agent.collectors.families import GAUGE, Families, Metric
from vedette_agent.collectors.options import NodeOptions
from vedette_agent.collectors.reading import list_folder, read_if_present, read_number
from vedette_agent.errors import NoDataError
from vedette_shared.metrics import MetricFamily

_STATE = Metric("node_md_state", GAUGE, "Indicates the state of md-device.")
_STATES = ("active", "inactive", "recovering", "resync", "check")
_DISKS = Metric("node_md_disks", GAUGE, "Number of active/failed/spare disks of device.")
_DISKS_REQUIRED = Metric("node_md_disks_required", GAUGE, "Total number of disks of device.")
_BLOCKS = Metric("node_md_blocks", GAUGE, "Total number of blocks on device.")
_BLOCKS_SYNCED = Metric("node_md_blocks_synced", GAUGE, "Number of blocks synced on device.")
_OF_RAID = (
    Attribute("raid_disks", Metric("node_md_raid_disks", GAUGE, "Number of raid disks on device.")),
    Attribute("degraded", Metric("node_md_degraded", GAUGE, "Number of degraded disks on device.")),
)

_DEVICE = re.compile(r"(md\S+) : (active|inactive)(?: \([^)]*\))? ?(.*)")
_BLOCK_COUNT = re.compile(r"(\d+) blocks")
_DISK_COUNTS = re.compile(r"\[(\d+)/(\d+)\] \[[U_]+\]")
_MEMBER = re.compile(r"\S+\[\d+\]((?:\([A-Z]\))*)")
_PROGRESS = re.compile(r"(recovery|resync|check|reshape) *= *[\d.]+% \((\d+)/\d+\)")
_WAITING = re.compile(r"(recovery|resync|check|reshape)=(?:PENDING|DELAYED)")
_ACTIVITIES = {"recovery": "recovering", "resync": "resync", "check": "check", "reshape": "recovering"}


class Array(NamedTuple):
    """A device, as ``/proc/mdstat`` tells of it."""

    name: str
    state: str
    active: int
    required: int
    failed: int
    spare: int
    blocks: int
    blocks_synced: int


def parse_mdstat(text: str) -> list[Array]:
    """Return the devices in ``text``, in its order.

    Raises:
        ValueError: a device has no count of blocks.
    """
    arrays = []
    lines = text.splitlines()
    for place, line in enumerate(lines):
        if match := _DEVICE.match(line):
            details = []
            for detail in lines[place + 1 :]:
                if not detail.startswith(" "):
                    break
                details.append(detail)
            arrays.append(_parse_array(match[1], match[2], match[3], "\n".join(details)))
    return arrays


def _parse_array(name: str, state: str, members: str, details: str) -> Array:
    marks = _MEMBER.findall(members)
    failed, spare = (sum(mark in found for found in marks) for mark in ("(F)", "(S)"))
    blocks = _BLOCK_COUNT.search(details)
    if blocks is None:
        raise ValueError(f"{name} has no count of blocks in mdstat")
    counts = _DISK_COUNTS.search(details)
    # Kinds without redundancy tell no counts: they are active with all their disks.
    required, active = map(int, counts.groups()) if counts else (len(marks), len(marks))
    synced = total = int(blocks[1])
    if state == "inactive":
        required = active = 0
    elif progress := _PROGRESS.search(details):
        state, synced = _ACTIVITIES[progress[1]], int(progress[2])
    elif waiting := _WAITING.search(details):
        state, synced = _ACTIVITIES[waiting[1]], 0
    return Array(name, state, active, required, failed, spare, total, synced)


class MdadmCollector:
    """State, disks and progress of each array."""

    name = "mdadm"

    def __init__(self, options: NodeOptions) -> None:
        self._mdstat = options.proc("mdstat")
        self._sys = options.sys("block")

    def collect(self) -> list[MetricFamily]:
        content = read_if_present(self._mdstat)
        if content is None:
            raise NoDataError("the kernel has no software RAID")
        families = Families()
        for array in parse_mdstat(content.decode("utf-8", "replace")):
            _add_array(families, array)
        for device in list_folder(self._sys):
            if device.startswith("md"):
                self._add_raid(families, device)
        return families.all()

    def _add_raid(self, families: Families, device: str) -> None:
        folder = f"{self._sys}/{device}/md"
        disks = read_number(f"{folder}/raid_disks")
        if disks is not None:
            for file, metric, *_ in _OF_RAID:
                families.add(metric, float(read_number(f"{folder}/{file}") or 0), (("device", device),))


def _add_array(families: Families, array: Array) -> None:
    labels = (("device", array.name),)
    families.add(_DISKS_REQUIRED, float(array.required), labels)
    for state, count in (("active", array.active), ("failed", array.failed), ("spare", array.spare)):
        families.add(_DISKS, float(count), (*labels, ("state", state)))
    families.add(_BLOCKS, float(array.blocks), labels)
    families.add(_BLOCKS_SYNCED, float(array.blocks_synced), labels)
    for state in _STATES:
        families.add(_STATE, float(state == array.state), (*labels, ("state", state)))
