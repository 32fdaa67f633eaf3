"""What disks and network adapters tell of themselves in /sys."""

from __future__ import annotations

import contextlib
import os

from vedette_agent.collectors.ethtool_kernel import EthtoolSocket
from vedette_agent.collectors.reading import read_attribute, read_bytes
from vedette_shared.labels import Labels, make_labels

_SERIAL_PAGE_HEADER = 4


def is_hardware(folder: str) -> bool:
    """Whether a device in /sys is a part of the machine, real or virtual, and not one of the kernel's own making."""
    return os.path.exists(f"{folder}/device")  # noqa: PTH110 -- a folder is a text here, as everywhere in collectors


def find_disk(folder: str, name: str) -> Labels:
    """Return what is known of the disk at ``/sys/block/NAME``. SCSI, NVMe, virtio and MMC call it by other names."""

    def first(*files: str) -> str:
        for file in files:
            text = read_attribute(f"{folder}/{file}")
            if text:
                return text
        return ""

    return make_labels(
        device=name,
        vendor=first("device/vendor", "device/manfid"),
        model=first("device/model", "device/name"),
        serial=first("device/serial", "serial") or _scsi_serial(f"{folder}/device/vpd_pg80"),
        firmware=first("device/firmware_rev", "device/rev", "device/fwrev"),
        wwid=first("wwid", "device/wwid"),
    )


def parse_serial_page(page: bytes) -> str:
    """Return the serial number in the page 80h of a SCSI device's vital product data (SPC-4)."""
    size = int.from_bytes(page[2:_SERIAL_PAGE_HEADER], "big")
    text = page[_SERIAL_PAGE_HEADER : _SERIAL_PAGE_HEADER + size]
    return text.decode("ascii", "replace").strip(" \0")


def _scsi_serial(path: str) -> str:
    with contextlib.suppress(OSError):
        return parse_serial_page(read_bytes(path))
    return ""


def find_network_adapter(folder: str, name: str) -> Labels:
    """Return what is known of the adapter at ``/sys/class/net/NAME``: identifiers as in pci.ids, where it is on the
    bus, and what its driver tells."""
    device = f"{folder}/device"
    labels = {
        "device": name,
        "vendor_id": read_attribute(f"{device}/vendor") or "",
        "device_id": read_attribute(f"{device}/device") or "",
        "bus_address": _last_part(device),
        "driver": _last_part(f"{device}/driver"),
    }
    with contextlib.closing(EthtoolSocket()) as kernel:
        # Each question is one that a driver may have no answer to.
        with contextlib.suppress(OSError):
            labels["firmware"] = kernel.driver_info(name).firmware_version
        with contextlib.suppress(OSError):
            labels["permanent_address"] = kernel.permanent_address(name)
    return make_labels(labels)


def _last_part(link: str) -> str:
    """The name of what a link leads to; none where there is no link."""
    target = os.path.realpath(link)
    return target.rpartition("/")[2] if os.path.exists(target) else ""  # noqa: PTH110
