"""What the machine is made of: processors, memory modules, disks and network adapters, as info series.

A part that is exchanged, or whose firmware is, shows as a new series. The machine's own vendor, model, serial numbers
and BIOS are in ``node_dmi_info``, NVMe controllers in ``node_nvme_info``.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from vedette_agent.collectors.cpuinfo import parse_cpuinfo
from vedette_agent.collectors.families import GAUGE, Families, Metric
from vedette_agent.collectors.identity_devices import find_disk, find_network_adapter, is_hardware
from vedette_agent.collectors.options import NodeOptions
from vedette_agent.collectors.reading import list_folder, read_attribute, read_if_present, read_number
from vedette_agent.collectors.smbios import MemoryModule, parse_memory_modules
from vedette_agent.errors import NoDataError
from vedette_shared.labels import Labels, make_labels
from vedette_shared.metrics import MetricFamily

_MACHINE = Metric(
    "node_identity_machine_info", GAUGE, "Model and serial number of a machine without DMI, from its device tree."
)
_CPU = Metric("node_identity_cpu_info", GAUGE, "Processor packages, with their model, microcode and threads.")
_DIMM = Metric("node_identity_dimm_info", GAUGE, "Memory modules, from SMBIOS, which only root may read.")
_DIMM_SIZE = Metric("node_identity_dimm_size_bytes", GAUGE, "Size of each memory module.")
_DIMM_SLOTS = Metric("node_identity_dimm_slots", GAUGE, "Number of slots for memory modules, by state.")
_DISK = Metric("node_identity_disk_info", GAUGE, "Disks, with their model, serial number and firmware.")
_DISK_SIZE = Metric("node_identity_disk_size_bytes", GAUGE, "Size of each disk.")
_NETWORK = Metric(
    "node_identity_network_info", GAUGE, "Network adapters, with their permanent address, driver and firmware."
)
_REFRESH_SECONDS = 600.0
"""Parts that come and go are seen at once; a new firmware of a part that stays, after this time."""
_SECTOR = 512

_Samples = list[tuple[Metric, float, Labels]]


class IdentityCollector:
    """Looks at the hardware again only when it changes, or now and then."""

    name = "identity"

    def __init__(self, options: NodeOptions, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._cpuinfo = options.proc("cpuinfo")
        self._table = options.sys("firmware/dmi/tables/DMI")
        self._tree = options.sys("firmware/devicetree/base")
        self._block = options.sys("block")
        self._net = options.sys("class/net")
        self._seen: tuple[list[str], list[str]] | None = None
        self._looked_at = 0.0
        self._samples: _Samples = []

    def collect(self) -> list[MetricFamily]:
        devices = (list_folder(self._block), list_folder(self._net))
        now = self._clock()
        if devices != self._seen or now - self._looked_at >= _REFRESH_SECONDS:
            self._samples = [
                *self._find_machine(),
                *self._find_cpus(),
                *self._find_memory(),
                *self._find_disks(devices[0]),
                *self._find_network(devices[1]),
            ]
            self._seen, self._looked_at = devices, now
        if not self._samples:
            raise NoDataError("nothing tells what the machine is made of")
        families = Families()
        for metric, value, labels in self._samples:
            families.add(metric, value, labels)
        return families.all()

    def _find_machine(self) -> _Samples:
        model, serial = (
            (read_attribute(f"{self._tree}/{file}") or "").rstrip("\0") for file in ("model", "serial-number")
        )
        labels = make_labels(model=model, serial=serial)
        return [(_MACHINE, 1.0, labels)] if labels else []

    def _find_cpus(self) -> _Samples:
        content = read_if_present(self._cpuinfo) or b""
        processors = parse_cpuinfo(content.decode("utf-8", "replace"))
        packages = {processor.package: processor for processor in processors}
        samples: _Samples = []
        for package, processor in packages.items():
            threads = sum(other.package == package for other in processors)
            labels = make_labels(
                package=package or "0",
                vendor=processor.vendor,
                model_name=processor.model_name,
                microcode=processor.microcode,
                threads=str(threads),
            )
            samples.append((_CPU, 1.0, labels))
        return samples

    def _find_memory(self) -> _Samples:
        try:
            content = read_if_present(self._table)
        except PermissionError:
            content = None
        if content is None:
            return []
        slots = parse_memory_modules(content)
        modules = [slot for slot in slots if slot.size_bytes]
        samples: _Samples = [
            (_DIMM_SLOTS, float(count), (("state", state),))
            for state, count in (("used", len(modules)), ("empty", len(slots) - len(modules)))
        ]
        for module in modules:
            place = make_labels(locator=module.locator, bank=module.bank)
            samples += [(_DIMM, 1.0, _dimm_labels(module)), (_DIMM_SIZE, float(module.size_bytes), place)]
        return samples

    def _find_disks(self, names: list[str]) -> _Samples:
        samples: _Samples = []
        for name in names:
            folder = f"{self._block}/{name}"
            if is_hardware(folder):
                samples.append((_DISK, 1.0, find_disk(folder, name)))
                size = read_number(f"{folder}/size")
                if size is not None:
                    samples.append((_DISK_SIZE, float(size * _SECTOR), (("device", name),)))
        return samples

    def _find_network(self, names: list[str]) -> _Samples:
        return [
            (_NETWORK, 1.0, find_network_adapter(f"{self._net}/{name}", name))
            for name in names
            if is_hardware(f"{self._net}/{name}")
        ]


def _dimm_labels(module: MemoryModule) -> Labels:
    return make_labels(
        locator=module.locator,
        bank=module.bank,
        manufacturer=module.manufacturer,
        part=module.part,
        serial=module.serial,
        speed=module.speed,
        type=module.kind,
    )
