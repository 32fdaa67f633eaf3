"""What a device is, by its ``sysObjectID``, and which modules ask it then: ``modules = "auto"``."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from vedette_agent.snmp.ber import parse_oid
from vedette_agent.snmp.declarations import Module, load_modules
from vedette_agent.snmp.errors import SnmpError
from vedette_shared.errors import ConfigError

USUAL = ("if_mib",)
"""For devices of vendors that are not known."""

_ENTERPRISES = "1.3.6.1.4.1."

VENDORS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "9": ("if_mib", "cisco_device"),
        "11": ("if_mib", "hp_procurve"),
        "232": ("hpe",),
        "311": ("if_mib", "host_resources"),
        "318": ("apcups",),
        "318.1.3.4.4": ("apc_rpdu",),
        "318.1.3.4.5": ("apc_rpdu",),
        "534.1": ("ups",),
        "534.2": ("ups",),
        "534.6.6.7": ("eaton_epdu",),
        "674.10892.5": ("dell",),
        "1718.3": ("servertech_sentry3",),
        "1718.4": ("servertech_sentry4",),
        "2636": ("if_mib", "juniper", "juniper_optics"),
        "6574": ("if_mib", "host_resources", "synology"),
        "8072": ("if_mib", "host_resources"),
        "13742.4": ("raritan",),
        "13742.6": ("raritan_pdu2",),
        "14988": ("if_mib", "host_resources", "mikrotik"),
        "30065": ("if_mib", "entity_sensor", "arista_sw"),
        "47196": ("if_mib", "entity_sensor", "aruba_cx"),
    }
)
"""Modules by the beginning of the identifier below the enterprises; the longest that fits counts."""

_BY_PREFIX = sorted(
    ((parse_oid(_ENTERPRISES + prefix), names) for prefix, names in VENDORS.items()), key=lambda known: -len(known[0])
)


def recognise(object_id: bytes) -> tuple[str, ...]:
    """Return the names of the modules for a device with this ``sysObjectID``, encoded; empty for one that has none."""
    for prefix, names in _BY_PREFIX:
        if object_id.startswith(prefix):
            return names
    return USUAL


class Recognition:
    """The modules of a device as it tells what it is, those of ``folder`` before Vedette's own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._names: tuple[str, ...] = ()
        self._modules: Mapping[str, Module] = {}

    def modules_of(self, object_id: bytes) -> Mapping[str, Module]:
        """Return the modules; read anew only where another device has come to this place.

        Raises:
            SnmpError: a module of the folder is not sound.
        """
        names = recognise(object_id)
        if names != self._names:
            try:
                self._modules = load_modules(names, self._folder)
            except ConfigError as error:
                raise SnmpError(f"is a device for {', '.join(names)}: {error}") from error
            self._names = names
        return self._modules
