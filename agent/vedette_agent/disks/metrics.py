"""The metrics of smartctl_exporter: names, types, help texts, and where in smartctl's document their values are."""

from __future__ import annotations

from typing import NamedTuple

from vedette_agent.collectors.families import COUNTER, GAUGE, Metric

VERSION = Metric("smartctl_version", GAUGE, "smartctl version")
DEVICES = Metric("smartctl_devices", GAUGE, "Number of devices configured or dynamically discovered")
DEVICE = Metric("smartctl_device", GAUGE, "Device info")
BLOCK_SIZE = Metric("smartctl_device_block_size", GAUGE, "Device block size")
SPEED = Metric("smartctl_device_interface_speed", GAUGE, "Device interface speed, bits per second")
ATTRIBUTE = Metric("smartctl_device_attribute", GAUGE, "Device attributes")
POWER_ON = Metric("smartctl_device_power_on_seconds", COUNTER, "Device power on seconds")
TEMPERATURE = Metric("smartctl_device_temperature", GAUGE, "Device temperature celsius")
STATE = Metric("smartctl_device_state", GAUGE, "Device state (0=active, 1=standby, 2=sleep, 3=dst, 4=offline, 5=sct)")
STATISTICS = Metric("smartctl_device_statistics", GAUGE, "Device statistics")
ERROR_LOG = Metric("smartctl_device_error_log_count", GAUGE, "Device SMART error log count")
SELF_TESTS = Metric("smartctl_device_self_test_log_count", GAUGE, "Device SMART self test log count")
SELF_TEST_ERRORS = Metric("smartctl_device_self_test_log_error_count", GAUGE, "Device SMART self test log error count")
ERC = Metric("smartctl_device_erc_seconds", GAUGE, "Device SMART Error Recovery Control Seconds")
SUCCESS = Metric("vedette_agent_disk_success", GAUGE, "Whether smartctl could ask a disk.")
DURATION = Metric("vedette_agent_disk_duration_seconds", GAUGE, "How long smartctl took for a disk.")


class Plain(NamedTuple):
    """A metric with the label ``device`` alone: the number at ``path``, times ``scale``."""

    metric: Metric
    path: tuple[str, ...]
    scale: float = 1.0
    only_above_0: bool = False


_NVME = "nvme_smart_health_information_log"
_SCSI = "scsi_error_counter_log"
_UNIT = 512_000.0
"""NVMe counts thousands of 512 bytes: NVM Express Base Specification 2.0, figure 208."""


def _gauge(name: str, text: str, *path: str) -> Plain:
    return Plain(Metric(name, GAUGE, text), path)


def _counter(name: str, text: str, *path: str) -> Plain:
    return Plain(Metric(name, COUNTER, text), path)


_READ = Metric("smartctl_device_bytes_read", COUNTER, "Bytes read over the life of the device")
_WRITTEN = Metric("smartctl_device_bytes_written", COUNTER, "Bytes written over the life of the device")
_CYCLES = Metric("smartctl_device_power_cycle_count", COUNTER, "Device power cycle count")

EVERY = (
    _gauge("smartctl_device_smartctl_exit_status", "Exit status of smartctl on device", "smartctl", "exit_status"),
    _gauge("smartctl_device_capacity_blocks", "Device capacity in blocks", "user_capacity", "blocks"),
    _gauge("smartctl_device_capacity_bytes", "Device capacity in bytes", "user_capacity", "bytes"),
    _gauge("smartctl_device_nvme_capacity_bytes", "NVMe device total capacity bytes", "nvme_total_capacity"),
    Plain(Metric("smartctl_device_rotation_rate", GAUGE, "Device rotation rate"), ("rotation_rate",), 1.0, True),
    _gauge("smartctl_device_smart_status", "General smart status", "smart_status", "passed"),
)
ATA_OR_NVME = (Plain(_CYCLES, ("power_cycle_count",)),)
NVME = (
    _counter("smartctl_device_percentage_used", "Device write percentage used", _NVME, "percentage_used"),
    _counter(
        "smartctl_device_available_spare",
        "Normalized percentage (0 to 100%) of the remaining spare capacity available",
        _NVME,
        "available_spare",
    ),
    _counter(
        "smartctl_device_available_spare_threshold",
        "Normalized percentage (0 to 100%) of spare capacity below which the device warns",
        _NVME,
        "available_spare_threshold",
    ),
    _counter(
        "smartctl_device_critical_warning",
        "Critical warnings for the state of the controller, a mask of bits",
        _NVME,
        "critical_warning",
    ),
    _counter(
        "smartctl_device_media_errors",
        "Unrecovered data integrity errors that the controller saw",
        _NVME,
        "media_errors",
    ),
    _counter(
        "smartctl_device_num_err_log_entries",
        "Entries of the error log over the life of the controller",
        _NVME,
        "num_err_log_entries",
    ),
    Plain(_READ, (_NVME, "data_units_read"), _UNIT, True),
    Plain(_WRITTEN, (_NVME, "data_units_written"), _UNIT, True),
)
_CORRECTED = {
    "errors_corrected_by_rereads_rewrites": "Errors Corrected by ReReads/ReWrites",
    "errors_corrected_by_eccfast": "Errors Corrected by ECC Fast",
    "errors_corrected_by_eccdelayed": "Errors Corrected by ECC Delayed",
    "total_uncorrected_errors": "Total Uncorrected Errors",
}
SCSI = (
    Plain(_CYCLES, ("scsi_start_stop_cycle_counter", "accumulated_start_stop_cycles")),
    _gauge("smartctl_scsi_grown_defect_list", "Device SCSI grown defect list counter", "scsi_grown_defect_list"),
    _gauge(
        "smartctl_scsi_percentage_used_endurance_indicator",
        "Device SCSI percentage used endurance indicator",
        "scsi_percentage_used_endurance_indicator",
    ),
    *(
        _gauge(f"smartctl_{kind}_{name}", f"{kind.capitalize()} {words}", _SCSI, kind, name)
        for kind in ("read", "write", "verify")
        for name, words in _CORRECTED.items()
    ),
    Plain(_READ, (_SCSI, "read", "gigabytes_processed"), 1e9),
    Plain(_WRITTEN, (_SCSI, "write", "gigabytes_processed"), 1e9),
)
