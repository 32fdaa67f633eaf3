"""Block devices: ``/proc/diskstats``, see Documentation/admin-guide/iostats.rst, and what udev knows of them."""

from __future__ import annotations

from collections.abc import Mapping

from vedette_agent.collectors.families import COUNTER, GAUGE, Families, Metric
from vedette_agent.collectors.options import NodeOptions
from vedette_agent.collectors.reading import read_attribute, read_text
from vedette_agent.collectors.udev import UdevProperties
from vedette_shared.labels import Labels, make_labels
from vedette_shared.metrics import MetricFamily

_SECTOR = 512.0
_MILLISECOND = 1.0 / 1000.0

_INFO = Metric("node_disk_info", GAUGE, "Info of /sys/block/<block_device>.")
_FILESYSTEM_INFO = Metric("node_disk_filesystem_info", GAUGE, "Info about disk filesystem.")
_MAPPER_INFO = Metric("node_disk_device_mapper_info", GAUGE, "Info about disk device mapper.")
_ATA = (
    ("ID_ATA_WRITE_CACHE", Metric("node_disk_ata_write_cache", GAUGE, "ATA disk has a write cache.")),
    (
        "ID_ATA_WRITE_CACHE_ENABLED",
        Metric("node_disk_ata_write_cache_enabled", GAUGE, "ATA disk has its write cache enabled."),
    ),
    (
        "ID_ATA_ROTATION_RATE_RPM",
        Metric("node_disk_ata_rotation_rate_rpm", GAUGE, "ATA disk rotation rate in RPMs (0 for SSDs)."),
    ),
)
_COLUMNS = (
    (Metric("node_disk_reads_completed_total", COUNTER, "The total number of reads completed successfully."), 1.0),
    (Metric("node_disk_reads_merged_total", COUNTER, "The total number of reads merged."), 1.0),
    (Metric("node_disk_read_bytes_total", COUNTER, "The total number of bytes read successfully."), _SECTOR),
    (
        Metric("node_disk_read_time_seconds_total", COUNTER, "The total number of seconds spent by all reads."),
        _MILLISECOND,
    ),
    (Metric("node_disk_writes_completed_total", COUNTER, "The total number of writes completed successfully."), 1.0),
    (Metric("node_disk_writes_merged_total", COUNTER, "The number of writes merged."), 1.0),
    (Metric("node_disk_written_bytes_total", COUNTER, "The total number of bytes written successfully."), _SECTOR),
    (
        Metric(
            "node_disk_write_time_seconds_total", COUNTER, "This is the total number of seconds spent by all writes."
        ),
        _MILLISECOND,
    ),
    (Metric("node_disk_io_now", GAUGE, "The number of I/Os currently in progress."), 1.0),
    (Metric("node_disk_io_time_seconds_total", COUNTER, "Total seconds spent doing I/Os."), _MILLISECOND),
    (
        Metric("node_disk_io_time_weighted_seconds_total", COUNTER, "The weighted # of seconds spent doing I/Os."),
        _MILLISECOND,
    ),
    (
        Metric("node_disk_discards_completed_total", COUNTER, "The total number of discards completed successfully."),
        1.0,
    ),
    (Metric("node_disk_discards_merged_total", COUNTER, "The total number of discards merged."), 1.0),
    (Metric("node_disk_discarded_sectors_total", COUNTER, "The total number of sectors discarded successfully."), 1.0),
    (
        Metric(
            "node_disk_discard_time_seconds_total",
            COUNTER,
            "This is the total number of seconds spent by all discards.",
        ),
        _MILLISECOND,
    ),
    (
        Metric("node_disk_flush_requests_total", COUNTER, "The total number of flush requests completed successfully"),
        1.0,
    ),
    (
        Metric(
            "node_disk_flush_requests_time_seconds_total",
            COUNTER,
            "This is the total number of seconds spent by all flush requests.",
        ),
        _MILLISECOND,
    ),
)


def parse_diskstats(text: str) -> list[tuple[str, str, str, list[str]]]:
    """Return, for each device, its major and minor number, its name and its counters, as many as the kernel tells.

    Raises:
        ValueError: a line is too short.
    """
    devices = []
    for line in text.splitlines():
        major, minor, name, *counters = line.split()
        devices.append((major, minor, name, counters))
    return devices


class DiskstatsCollector:
    """Counters of block devices, with model, serial number, file system and device mapper as info series."""

    name = "diskstats"

    def __init__(self, options: NodeOptions) -> None:
        self._path = options.proc("diskstats")
        self._sys = options.sys("block")
        self._udev_path = options.udev("b")
        self._filter = options.diskstats.filter("device")
        self._udev = UdevProperties()
        self._infos: dict[str, tuple[tuple[object, ...], list[tuple[Metric, float, Labels]]]] = {}

    def collect(self) -> list[MetricFamily]:
        families = Families()
        for major, minor, device, counters in parse_diskstats(read_text(self._path)):
            if not self._filter.keeps(device):
                continue
            labels = (("device", device),)
            for (metric, factor), counter in zip(_COLUMNS, counters, strict=False):
                families.add(metric, int(counter) * factor, labels)
            for metric, value, info_labels in self._find_infos(major, minor, device):
                families.add(metric, value, info_labels)
        return families.all()

    def _find_infos(self, major: str, minor: str, device: str) -> list[tuple[Metric, float, Labels]]:
        properties = self._udev.read(f"{self._udev_path}{major}:{minor}")
        rotational = read_attribute(f"{self._sys}/{device}/queue/rotational") or "0"
        key = (major, minor, id(properties), rotational)
        known = self._infos.get(device)
        if known is None or known[0] != key:
            known = (key, _infos(major, minor, device, properties, rotational))
            self._infos[device] = known
        return known[1]


def _infos(
    major: str, minor: str, device: str, properties: Mapping[str, str], rotational: str
) -> list[tuple[Metric, float, Labels]]:
    """What changes only with the hardware. The serial number is the one printed on the disk, where udev knows it."""
    get = properties.get
    serial = get("SCSI_IDENT_SERIAL") or get("ID_SERIAL_SHORT") or get("ID_SERIAL", "")
    labels = make_labels(
        device=device,
        major=major,
        minor=minor,
        path=get("ID_PATH", ""),
        wwn=get("ID_WWN", ""),
        model=get("ID_MODEL", ""),
        serial=serial,
        revision=get("ID_REVISION", ""),
        rotational=rotational,
    )
    infos = [(_INFO, 1.0, labels)]
    if kind := get("ID_FS_TYPE"):
        labels = make_labels(
            device=device,
            type=kind,
            usage=get("ID_FS_USAGE", ""),
            uuid=get("ID_FS_UUID", ""),
            version=get("ID_FS_VERSION", ""),
        )
        infos.append((_FILESYSTEM_INFO, 1.0, labels))
    if name := get("DM_NAME"):
        labels = make_labels(
            device=device,
            name=name,
            uuid=get("DM_UUID", ""),
            vg_name=get("DM_VG_NAME", ""),
            lv_name=get("DM_LV_NAME", ""),
            lv_layer=get("DM_LV_LAYER", ""),
        )
        infos.append((_MAPPER_INFO, 1.0, labels))
    if get("ID_ATA"):
        infos += [(metric, float(value), (("device", device),)) for key, metric in _ATA if (value := get(key))]
    return infos
