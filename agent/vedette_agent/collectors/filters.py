"""Which devices, mounts or chips a collector looks at."""

from __future__ import annotations

import re

_CACHE_SIZE = 4_096


class NameFilter:
    """Keeps the names that match ``include`` (where there is one) and do not match ``exclude`` (where there is one).

    Both are regular expressions that may match anywhere in a name, as node_exporter's flags have it. Verdicts are kept,
    as the same names come again with every collection.
    """

    __slots__ = ("_exclude", "_include", "_verdicts")

    def __init__(self, include: str = "", exclude: str = "") -> None:
        self._include = re.compile(include) if include else None
        self._exclude = re.compile(exclude) if exclude else None
        self._verdicts: dict[str, bool] = {}

    def keeps(self, name: str) -> bool:
        """Whether a thing of this name is to be collected."""
        verdict = self._verdicts.get(name)
        if verdict is None:
            verdict = (self._include is None or self._include.search(name) is not None) and (
                self._exclude is None or self._exclude.search(name) is None
            )
            if len(self._verdicts) >= _CACHE_SIZE:
                self._verdicts.clear()
            self._verdicts[name] = verdict
        return verdict
