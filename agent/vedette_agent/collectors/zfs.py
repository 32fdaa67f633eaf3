"""ZFS: the kernel statistics in ``/proc/spl/kstat/zfs``."""

from __future__ import annotations

import re

from vedette_agent.collectors.families import GAUGE, UNTYPED, Families, Metric
from vedette_agent.collectors.options import NodeOptions
from vedette_agent.collectors.reading import list_folder, read_attribute, read_if_present
from vedette_agent.errors import NoDataError
from vedette_shared.labels import EMPTY, Labels
from vedette_shared.metrics import MetricFamily

_FILES = {
    "abdstats": "abd",
    "arcstats": "arc",
    "dbufstats": "dbuf",
    "dmu_tx": "dmu_tx",
    "dnodestats": "dnode",
    "fm": "fm",
    "vdev_cache_stats": "vdev_cache",
    "vdev_mirror_stats": "vdev_mirror",
    "xuio_stats": "xuio",
    "zfetchstats": "zfetch",
    "zil": "zil",
}
_POOL_STATE = Metric("node_zfs_zpool_state", GAUGE, "kstat.zfs.misc.state")
_POOL_STATES = ("online", "degraded", "faulted", "offline", "removed", "unavail", "suspended")
_NUMBERS = frozenset({"3", "4"})
"""Types of kstat: a signed and an unsigned number of 64 bits."""
_DATASET_NAME = "dataset_name"
_NOT_IN_NAMES = re.compile(r"[^a-zA-Z0-9_]")


def parse_kstat(text: str) -> dict[str, str]:
    """Return the values of a table of names, types and data: numbers, and the name of a dataset."""
    values = {}
    for line in text.splitlines()[2:]:
        name, kind, value = line.split(None, 2)
        if kind in _NUMBERS or name == _DATASET_NAME:
            values[name] = value
    return values


def parse_io(text: str) -> dict[str, str]:
    """Return the values of a table of one row below its header."""
    _, header, row = text.splitlines()
    return dict(zip(header.split(), row.split(), strict=True))


class ZfsCollector:
    """Caches, transactions and logs, and the state, traffic and datasets of each pool."""

    name = "zfs"

    def __init__(self, options: NodeOptions) -> None:
        self._proc = options.proc("spl/kstat/zfs")
        self._metrics: dict[tuple[str, str], Metric] = {}

    def collect(self) -> list[MetricFamily]:
        families = Families()
        for name in list_folder(self._proc):
            path = f"{self._proc}/{name}"
            if name in _FILES:
                content = read_if_present(path) or b""
                self._add_values(families, _FILES[name], name, parse_kstat(content.decode()), EMPTY)
            else:
                self._add_pool(families, path, name)
        if not families.all():
            raise NoDataError("ZFS is not loaded")
        return families.all()

    def _add_pool(self, families: Families, folder: str, pool: str) -> None:
        labels = (("zpool", pool),)
        for file in list_folder(folder):
            path = f"{folder}/{file}"
            if file == "state":
                state = (read_attribute(path) or "").lower()
                for known in _POOL_STATES:
                    families.add(_POOL_STATE, float(known == state), (("state", known), *labels))
            elif file == "io":
                content = read_if_present(path) or b""
                self._add_values(families, "zpool", "io", parse_io(content.decode()), labels)
            elif file.startswith("objset-"):
                values = parse_kstat((read_if_present(path) or b"").decode("utf-8", "replace"))
                dataset = values.pop(_DATASET_NAME, "")
                if dataset:
                    self._add_values(families, "zpool_dataset", "objset", values, (("dataset", dataset), *labels))

    def _add_values(self, families: Families, prefix: str, module: str, values: dict[str, str], labels: Labels) -> None:
        for name, value in values.items():
            key = (prefix, name)
            metric = self._metrics.get(key)
            if metric is None:
                metric = self._metrics[key] = Metric(
                    f"node_zfs_{prefix}_{_NOT_IN_NAMES.sub('_', name)}", UNTYPED, f"kstat.zfs.misc.{module}.{name}"
                )
            families.add(metric, float(value), labels)
