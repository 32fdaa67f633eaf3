"""Reads udev's data base, ``/run/udev/data``: one file a device, properties in the lines ``E:NAME=value``."""

from __future__ import annotations

import os
from collections.abc import Mapping

from vedette_agent.collectors.reading import read_text

_NOTHING: Mapping[str, str] = {}
_CACHE_SIZE = 4_096


def parse_properties(text: str) -> dict[str, str]:
    """Return the properties in a file of the data base."""
    pairs = (line[2:].partition("=") for line in text.splitlines() if line.startswith("E:"))
    return {name: value for name, equals, value in pairs if equals}


class UdevProperties:
    """Properties of devices, read again only when udev has written them anew."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[tuple[int, int], Mapping[str, str]]] = {}

    def read(self, path: str) -> Mapping[str, str]:
        """Return the properties in the file ``path``: the same object as before while it is unchanged, and none where
        there is no such file."""
        try:
            status = os.stat(path)  # noqa: PTH116 -- asked for each device at each collection, so without a Path
            version = (status.st_mtime_ns, status.st_ino)
            known = self._known.get(path)
            if known is not None and known[0] == version:
                return known[1]
            properties = parse_properties(read_text(path))
        except OSError:
            return _NOTHING
        if len(self._known) >= _CACHE_SIZE:
            self._known.clear()
        self._known[path] = (version, properties)
        return properties
