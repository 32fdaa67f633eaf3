"""Metrics that others leave in files: ``*.prom`` in the folders of ``[node.textfile]``."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple

from vedette_agent.collectors.families import GAUGE, Families, Metric
from vedette_agent.collectors.options import NodeOptions
from vedette_agent.collectors.reading import read_bytes
from vedette_shared.errors import ExpositionError
from vedette_shared.exposition import parse_text
from vedette_shared.metrics import MetricFamily

_MTIME = Metric("node_textfile_mtime_seconds", GAUGE, "Unixtime mtime of textfiles successfully read.")
_ERROR = Metric("node_textfile_scrape_error", GAUGE, "1 if there was an error opening or reading a file, 0 otherwise")
_SUFFIX = ".prom"


class _File(NamedTuple):
    """A file's content, kept until the file changes."""

    version: tuple[int, int, int]
    modified: float
    families: list[MetricFamily]


def parse_file(content: bytes) -> list[MetricFamily]:
    """Return the families in a file.

    Raises:
        ExpositionError: it is malformed.
        ValueError: a sample bears a timestamp, which would stay behind the time of collection.
    """
    families = parse_text(content)
    for family in families:
        for sample in family.samples:
            if sample.timestamp_ms is not None:
                raise ValueError(f"{sample.name} bears a timestamp, which a textfile must not")
    return families


def merge(files: dict[str, list[MetricFamily]]) -> tuple[list[MetricFamily], bool]:
    """Return the families of all files, those of one name as one, and whether they agree about types and help texts.

    A family that says otherwise than one of the same name before it is left out. A help text that is missing names the
    files instead.
    """
    merged: dict[str, MetricFamily] = {}
    sources: dict[str, list[str]] = {}
    agree = True
    for path, families in files.items():
        for family in families:
            known = merged.setdefault(family.name, MetricFamily(family.name, family.type, family.help))
            if known.type is not family.type or (known.help and family.help and known.help != family.help):
                agree = False
                continue
            known.help = known.help or family.help
            known.samples += family.samples
            sources.setdefault(family.name, []).append(path)
    for name, family in merged.items():
        if not family.help:
            family.help = f"Metric read from {', '.join(sources[name])}"
    return list(merged.values()), agree


class TextfileCollector:
    """The series in the files, when each was written, and whether all could be read."""

    name = "textfile"

    def __init__(self, options: NodeOptions) -> None:
        self._folders = options.textfile.directories
        self._files: dict[str, _File] = {}

    def collect(self) -> list[MetricFamily]:
        failed = False
        found: dict[str, _File] = {}
        for folder in self._folders:
            try:
                names = sorted(os.listdir(folder))  # noqa: PTH208 -- a Path for each name costs more than the folder
            except OSError:
                failed = True
                continue
            for name in names:
                if name.endswith(_SUFFIX):
                    file = self._read(folder / name)
                    failed = failed or file is None
                    if file is not None:
                        found[str(folder / name)] = file
        self._files = found
        merged, agree = merge({path: file.families for path, file in found.items()})
        families = Families()
        for path, file in found.items():
            families.add(_MTIME, file.modified, (("file", path),))
        families.add(_ERROR, float(failed or not agree))
        return [*merged, *families.all()]

    def _read(self, path: Path) -> _File | None:
        try:
            status = path.stat()
            version = (status.st_mtime_ns, status.st_size, status.st_ino)
            known = self._files.get(str(path))
            if known is not None and known.version == version:
                return known
            return _File(version, float(int(status.st_mtime)), parse_file(read_bytes(str(path))))
        except (OSError, ExpositionError, ValueError):
            return None
