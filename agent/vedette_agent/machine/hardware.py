"""The parts of a machine, out of the info series that the collectors ``dmi`` and ``identity`` report."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from vedette_agent.changes import Part, State
from vedette_shared.metrics import MetricFamily


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of parts.

    Attributes:
        title: How a person calls one; its place follows.
        place: The labels that say where it is; without any there is one.
        key: The label that names it wherever it is; empty where its place does.
        about: The labels that are told when they change.
    """

    title: str
    place: tuple[str, ...]
    key: str
    about: tuple[str, ...]


DISK = "node_identity_disk_info"
KINDS: Mapping[str, Kind] = {
    "node_dmi_info": Kind(
        "machine",
        (),
        "",
        (
            *("system_vendor", "product_name", "product_version", "product_serial", "product_uuid"),
            *("bios_vendor", "bios_version", "bios_date", "bios_release"),
            *("board_vendor", "board_name", "board_version", "board_serial", "chassis_serial", "chassis_asset_tag"),
        ),
    ),
    "node_identity_machine_info": Kind("machine", (), "", ("model", "serial")),
    "node_identity_cpu_info": Kind("processor", ("package",), "", ("vendor", "model_name", "microcode", "threads")),
    "node_identity_dimm_info": Kind(
        "memory module", ("locator", "bank"), "", ("manufacturer", "part", "serial", "speed", "type")
    ),
    DISK: Kind("disk", ("device",), "serial", ("vendor", "model", "firmware", "wwid")),
    "node_identity_network_info": Kind("network adapter", ("device",), "", ()),
}
"""By the family; a network adapter tells all its labels but its name."""

Rows = tuple[tuple[str, tuple[tuple[str, str], ...]], ...]


def rows_of(families: Iterable[MetricFamily], without: Collection[str] = ()) -> Rows:
    """Return (family, labels) of all parts, but those of the families ``without``."""
    chosen = (family for family in families if family.name in KINDS and family.name not in without)
    return tuple((family.name, tuple(sample.labels)) for family in chosen for sample in family.samples)


def parts_of(rows: Rows) -> Iterator[tuple[str, Sequence[Part]]]:
    """Yield (family, its parts); a family of which nothing is seen, as without the rights to, is left out."""
    for name in dict.fromkeys(name for name, _ in rows):
        parts: dict[str, Part] = {}
        for other, labels in rows:
            if other == name:
                part = _part(KINDS[name], dict(labels))
                # A disk with two paths is one disk.
                parts.setdefault(part.key, part)
        yield name, [*parts.values()]


def _part(kind: Kind, labels: Mapping[str, str]) -> Part:
    place = " ".join(labels[name] for name in kind.place if labels.get(name))
    about = kind.about or tuple(name for name in labels if name not in kind.place)
    states = {name: State(labels[name]) for name in about if labels.get(name)}
    key = labels.get(kind.key) or place
    named = [*kind.place, *([kind.key] if kind.key else [])]
    what = [labels[name] for name in ("model", "serial") if kind.key and labels.get(name)]
    title = f"{kind.title} {place}".strip() + (f" ({' '.join(what)})" if what else "")
    return Part(key, title, place, {name: labels[name] for name in named if labels.get(name)}, states)
