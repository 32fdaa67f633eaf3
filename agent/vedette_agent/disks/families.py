"""Reports of disks as metric families, under the names, labels and values of smartctl_exporter."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from vedette_agent.collectors.families import Families, UniqueFamilies
from vedette_agent.disks import metrics
from vedette_agent.disks.smartctl import DiskReport
from vedette_agent.documents import Document, at, fields, number, table, text
from vedette_agent.sources.refresh import Refreshed
from vedette_agent.sources.timing import rounded
from vedette_shared.labels import make_labels
from vedette_shared.metrics import MetricFamily

_ATTRIBUTE_FLAGS = ("prefailure", "updated_online", "performance", "error_rate", "event_count", "auto_keep")
_STATISTIC_FLAGS = ("valid", "normalized", "supports_dsn", "monitored_condition_met")
_VENDORS_OWN = "Vendor Specific Statistics"
"""Several rows of that table may bear the same name, and nobody knows what they mean."""
_STATES = {"STANDBY": 1.0, "SLEEP": 2.0}
_INFO = {
    "firmware_version": ("firmware_version",),
    "ata_version": ("ata_version", "string"),
    "sata_version": ("sata_version", "string"),
    "form_factor": ("form_factor", "name"),
    "scsi_vendor": ("scsi_vendor",),
    "scsi_product": ("scsi_product",),
    "scsi_revision": ("scsi_revision",),
    "scsi_version": ("scsi_version",),
}


def disk_families(results: Mapping[str, Refreshed[DiskReport]], count: int) -> list[MetricFamily]:
    """Return what is known of ``count`` disks, some of which may not have been asked yet: ``results`` by label."""
    out = UniqueFamilies()
    out.add(metrics.DEVICES, float(count), ())
    reports = [result.value for result in results.values() if result.value is not None]
    _add_version(out, reports)
    for report in reports:
        _add_report(out, report)
    for label, result in results.items():
        labels = make_labels(device=label)
        out.add(metrics.SUCCESS, 0.0 if result.error else 1.0, labels)
        out.add(metrics.DURATION, rounded(result.duration), labels)
    return out.all()


def _add_version(out: Families, reports: Iterable[DiskReport]) -> None:
    for report in reports:
        document = report.document
        version, form = at(document, "smartctl", "version"), document.get("json_format_version")
        if isinstance(version, list) and isinstance(form, list):
            labels = make_labels(
                json_format_version=".".join(map(str, form)),
                smartctl_version=".".join(map(str, version)),
                svn_revision=text(document, "smartctl", "svn_revision"),
                build_info=text(document, "smartctl", "build_info"),
            )
            out.add(metrics.VERSION, 1.0, labels)
            return


def _add_report(out: Families, report: DiskReport) -> None:
    document, label = report.document, report.device.label
    labels = make_labels(device=label)
    if report.asleep:
        out.add(metrics.STATE, _STATES[report.asleep], labels)
    if not document:
        return
    _add_info(out, document, label)
    protocol = text(document, "device", "protocol")
    plain = [*metrics.EVERY]
    plain += {"NVMe": [*metrics.ATA_OR_NVME, *metrics.NVME], "SCSI": metrics.SCSI}.get(protocol, metrics.ATA_OR_NVME)
    for item in plain:
        value = number(document, *item.path)
        if value is not None and (value > 0 or not item.only_above_0):
            out.add(item.metric, value * item.scale, labels)
    hours = number(document, "power_on_time", "hours")
    if hours is not None:
        minutes = number(document, "power_on_time", "minutes") or 0.0
        out.add(metrics.POWER_ON, hours * 3600 + minutes * 60, labels)
    _add_labelled(out, document, label, is_awake=not report.asleep)
    _add_attributes(out, document, label)
    _add_statistics(out, document, label)
    _add_logs(out, document, label)


def _add_info(out: Families, document: Document, label: str) -> None:
    more = {name: text(document, *path) for name, path in _INFO.items()}
    labels = make_labels(
        more,
        device=label,
        interface=text(document, "device", "type"),
        protocol=text(document, "device", "protocol"),
        model_family=text(document, "model_family") or "unknown",
        model_name=text(document, "model_name") or text(document, "scsi_model_name") or "unknown",
        serial_number=text(document, "serial_number"),
        ata_additional_product_id=text(document, "ata_additional_product_id") or "unknown",
    )
    out.add(metrics.DEVICE, 1.0, labels)


def _add_labelled(out: Families, document: Document, label: str, *, is_awake: bool) -> None:
    for kind in ("logical", "physical"):
        size = number(document, f"{kind}_block_size")
        if size is not None:
            out.add(metrics.BLOCK_SIZE, size, make_labels(blocks_type=kind, device=label))
    for kind, speed in fields(document, "interface_speed"):
        units, bits = number(speed, "units_per_second"), number(speed, "bits_per_unit")
        if units is not None and bits is not None:
            out.add(metrics.SPEED, units * bits, make_labels(device=label, speed_type=kind))
    for kind, limit in fields(document, "ata_sct_erc"):
        tenths = number(limit, "deciseconds")
        if tenths is not None:
            out.add(metrics.ERC, tenths / 10, make_labels(device=label, op_type=kind))
    if not is_awake:
        return  # it has cooled down since
    state = number(document, "ata_sct_status", "device_state")
    if state is not None:
        out.add(metrics.STATE, state, make_labels(device=label))
    temperatures = document.get("temperature")
    for kind in temperatures if isinstance(temperatures, dict) else ():
        degrees = number(document, "temperature", kind)
        if degrees is not None:
            out.add(metrics.TEMPERATURE, degrees, make_labels(device=label, temperature_type=kind))


def _add_attributes(out: Families, document: Document, label: str) -> None:
    for attribute in table(document, "ata_smart_attributes", "table"):
        shared = make_labels(
            device=label,
            attribute_name=text(attribute, "name"),
            attribute_flags_short=text(attribute, "flags", "string"),
            attribute_flags_long=_flags(attribute, _ATTRIBUTE_FLAGS),
            attribute_id=f"{number(attribute, 'id') or 0:.0f}",
        )
        for kind, path in (("value", ("value",)), ("worst", ("worst",)), ("thresh", ("thresh",)), ("raw", ("raw",))):
            value = number(attribute, *path)
            if value is not None:
                out.add(metrics.ATTRIBUTE, value, make_labels(shared, attribute_value_type=kind))


def _add_statistics(out: Families, document: Document, label: str) -> None:
    for page in table(document, "ata_device_statistics", "pages"):
        name = text(page, "name")
        for row in table(page, "table") if name != _VENDORS_OWN else ():
            value = number(row, "value")
            if value is None:
                continue
            labels = make_labels(
                device=label,
                statistic_table=name,
                statistic_name=text(row, "name"),
                statistic_flags_short=text(row, "flags", "string"),
                statistic_flags_long=_flags(row, _STATISTIC_FLAGS),
            )
            out.add(metrics.STATISTICS, value, labels)
    for row in table(document, "sata_phy_event_counters", "table"):
        labels = make_labels(
            device=label,
            statistic_table="SATA PHY Event Counters",
            statistic_name=text(row, "name"),
            statistic_flags_short="V---",
            statistic_flags_long="valid",
        )
        out.add(metrics.STATISTICS, number(row, "value") or 0.0, labels)


def _add_logs(out: Families, document: Document, label: str) -> None:
    for kind, log in fields(document, "ata_smart_error_log"):
        count = number(log, "count")
        if count is not None:
            out.add(metrics.ERROR_LOG, count, make_labels(device=label, error_log_type=kind))
    for kind, log in fields(document, "ata_smart_self_test_log"):
        labels = make_labels(device=label, self_test_log_type=kind)
        for metric, name in ((metrics.SELF_TESTS, "count"), (metrics.SELF_TEST_ERRORS, "error_count_total")):
            count = number(log, name)
            if count is not None:
                out.add(metric, count, labels)


def _flags(row: Document, names: Iterable[str]) -> str:
    return ",".join(name for name in names if at(row, "flags", name) is True)
