"""The operating system: os-release(5)."""

from __future__ import annotations

import calendar
import re
import time

from vedette_agent.collectors.families import GAUGE, Families, Metric
from vedette_agent.collectors.options import NodeOptions
from vedette_agent.collectors.reading import read_if_present
from vedette_agent.errors import NoDataError
from vedette_shared.labels import make_labels
from vedette_shared.metrics import MetricFamily

_LABELS = (
    "build_id",
    "id",
    "id_like",
    "image_id",
    "image_version",
    "name",
    "pretty_name",
    "variant",
    "variant_id",
    "version",
    "version_codename",
    "version_id",
)
_INFO = Metric("node_os_info", GAUGE, f"A metric with a constant '1' value labeled by {', '.join(_LABELS)}.")
_VERSION = Metric("node_os_version", GAUGE, "Metric containing the major.minor part of the OS version.")
_SUPPORT_END = Metric(
    "node_os_support_end_timestamp_seconds",
    GAUGE,
    "Metric containing the end-of-life date timestamp of the OS.",
)
_NUMBER = re.compile(r"[0-9]+(\.[0-9]+)?")
_ESCAPE = re.compile(r"""\\([\\$"'`])""")


def parse_os_release(text: str) -> dict[str, str]:
    """Return the assignments in ``text``, without quotes and escapes, under their names in small letters."""
    fields = {}
    for line in text.splitlines():
        name, equals, value = line.strip().partition("=")
        if equals and not name.startswith("#"):
            if len(value) > 1 and value[0] == value[-1] and value[0] in "'\"":
                value = value[1:-1]
            fields[name.lower()] = _ESCAPE.sub(r"\1", value)
    return fields


class OsCollector:
    """Name and version of the operating system, and until when it is supported."""

    name = "os"

    def __init__(self, options: NodeOptions) -> None:
        self._paths = (options.rootfs("etc/os-release"), options.rootfs("usr/lib/os-release"))

    def collect(self) -> list[MetricFamily]:
        fields = parse_os_release(self._read())
        families = Families()
        families.add(_INFO, 1.0, make_labels((label, fields.get(label, "")) for label in _LABELS))
        if number := _NUMBER.match(fields.get("version_id", "")):
            labels = make_labels((label, fields.get(label, "")) for label in ("id", "id_like", "name"))
            families.add(_VERSION, float(number[0]), labels)
        if end := fields.get("support_end"):
            families.add(_SUPPORT_END, _midnight(end))
        return families.all()

    def _read(self) -> str:
        for path in self._paths:
            content = read_if_present(path)
            if content is not None:
                return content.decode("utf-8", "replace")
        raise NoDataError("there is no os-release file")


def _midnight(date: str) -> float:
    """The start of a day such as ``2028-06-30`` in UTC, in seconds since the epoch."""
    return float(calendar.timegm(time.strptime(date, "%Y-%m-%d")))
