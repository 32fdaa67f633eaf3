"""The NFS client, mount by mount: ``/proc/self/mountstats``, see mountstats(8)."""

from __future__ import annotations

from dataclasses import dataclass, field

from vedette_agent.collectors.families import Families
from vedette_agent.collectors.mounts import Mount, parse_mounts
from vedette_agent.collectors.mountstats_metrics import (
    AGE,
    BYTES,
    EVENTS,
    MOUNT_INFO,
    NOT_OF_UDP,
    OPERATIONS,
    TRANSPORT,
    TRANSPORT_COLUMNS,
)
from vedette_agent.collectors.options import NodeOptions
from vedette_agent.collectors.reading import read_text
from vedette_shared.labels import Labels, make_labels
from vedette_shared.metrics import MetricFamily

_MILLISECONDS = 1000.0
_EXACT = 2**53
"""Whole numbers below it are exact as doubles; times run through all 64 bits, as the kernel lets them wrap around."""
_FIRST_TIME = 5
"""Of the numbers of an operation, the first that is a time, after counts and bytes."""


@dataclass(slots=True)
class NfsMount:
    """Statistics of one mount."""

    device: str
    mount_point: str
    age: float = 0.0
    protocol: str = ""
    bytes: list[int] = field(default_factory=list)
    events: list[int] = field(default_factory=list)
    transports: list[tuple[str, list[int]]] = field(default_factory=list)
    operations: dict[str, list[int]] = field(default_factory=dict)


def parse_mountstats(text: str) -> list[NfsMount]:
    """Return the NFS mounts in ``text``, in its order.

    Raises:
        ValueError: a field is not a number.
    """
    mounts: list[NfsMount] = []
    current: NfsMount | None = None
    for line in text.splitlines():
        words = line.split()
        if line.startswith("device "):
            current = _start(words)
            if current is not None:
                mounts.append(current)
        elif current is not None and words:
            _add_line(current, words)
    return mounts


def _start(words: list[str]) -> NfsMount | None:
    """``device D mounted on M with fstype T statvers=V``, the last of them for NFS alone."""
    kind = words[words.index("fstype") + 1] if "fstype" in words else ""
    return NfsMount(words[1], words[4]) if kind in {"nfs", "nfs4"} and words[-1].startswith("statvers=") else None


def _add_line(mount: NfsMount, words: list[str]) -> None:
    key, *rest = words
    if key == "age:":
        mount.age = float(rest[0])
    elif key == "opts:":
        options = dict(option.partition("=")[::2] for option in rest[0].split(","))
        mount.protocol = options.get("proto", "")
    elif key == "bytes:":
        mount.bytes = [int(word) for word in rest]
    elif key == "events:":
        mount.events = [int(word) for word in rest]
    elif key == "xprt:":
        mount.transports.append((rest[0], [int(word) for word in rest[1:]]))
    elif key.endswith(":") and key[:-1].isupper():
        mount.operations[key[:-1]] = [int(word) for word in rest]


class MountstatsCollector:
    """Bytes, events, calls and waiting of each NFS mount."""

    name = "mountstats"

    def __init__(self, options: NodeOptions) -> None:
        self._stats = options.proc("self/mountstats")
        self._mounts = options.proc("self/mountinfo")

    def collect(self) -> list[MetricFamily]:
        mounts = parse_mountstats(read_text(self._stats))
        if not mounts:
            return []
        known = {(mount.device, mount.mount_point): mount for mount in parse_mounts(read_text(self._mounts))}
        families = Families()
        seen: set[Labels] = set()
        for mount in mounts:
            labels = make_labels(
                export=mount.device,
                mountaddr=_address(known.get((mount.device, mount.mount_point))),
                protocol=mount.protocol or (mount.transports[0][0] if mount.transports else ""),
            )
            info = make_labels([*labels, ("mountpoint", mount.mount_point)])
            if info not in seen:
                families.add(MOUNT_INFO, 1.0, info)
            # One export mounted twice shares one set of statistics.
            if labels not in seen:
                _add_mount(families, mount, labels)
            seen |= {labels, info}
        return families.all()


def _address(mount: Mount | None) -> str:
    """The server's address."""
    options = "" if mount is None else mount.super_options
    return dict(option.partition("=")[::2] for option in options.split(",")).get("addr", "")


def _add_mount(families: Families, mount: NfsMount, labels: Labels) -> None:
    families.add(AGE, mount.age, labels)
    for metric, number in zip(BYTES, mount.bytes, strict=False):
        families.add(metric, float(number), labels)
    for event, number in zip(EVENTS, mount.events, strict=False):
        if event is not None:
            families.add(event, float(number), labels)
    for place, (kind, numbers) in enumerate(mount.transports):
        of_transport = make_labels([*labels, ("transport", str(place))])
        for column, number in zip(TRANSPORT_COLUMNS.get(kind, ()), numbers, strict=False):
            if column:
                families.add(TRANSPORT[column], float(number), of_transport)
        if kind == "udp":
            for column in NOT_OF_UDP:
                families.add(TRANSPORT[column], 0.0, of_transport)
    for operation, numbers in mount.operations.items():
        of_operation = make_labels([*labels, ("operation", operation)])
        for place, (metric, number) in enumerate(zip(OPERATIONS, numbers, strict=False)):
            value = number % _EXACT / _MILLISECONDS if place >= _FIRST_TIME else float(number)
            families.add(metric, value, of_operation)
