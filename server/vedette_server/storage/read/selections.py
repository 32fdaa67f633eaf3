"""Selections of the matchers that were asked for lately: dashboards and rules ask for the same again and again."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence

from vedette_server.storage.index.identity import Index
from vedette_server.storage.index.selection import Selection, select
from vedette_server.storage.interface import Matcher

CAPACITY = 4 << 20
"""Bytes of masks that are kept."""


class Selections:
    """Remembers selections while the index knows no more than when they were made. For any thread."""

    def __init__(self, index: Index, capacity: int = CAPACITY) -> None:
        self._index = index
        self._capacity = capacity
        self._size = 0
        self._known: OrderedDict[tuple[Matcher, ...], Selection] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, matchers: Sequence[Matcher]) -> Selection:
        """What ``select`` gives.

        Raises:
            StorageError: a regular expression is not RE2.
        """
        key = tuple(matchers)
        found = self._known.get(key)
        if found is not None and self._is_current(found):
            return found
        found = select(self._index, key)
        with self._lock:
            self._keep(key, found)
        return found

    def _is_current(self, selection: Selection) -> bool:
        known = len(self._index.targets), len(self._index.signatures)
        return known == (len(selection.targets), len(selection.signatures))

    def _keep(self, key: tuple[Matcher, ...], selection: Selection) -> None:
        """Put a selection in the place of an older one, and forget the oldest ones where there is no room."""
        before = self._known.pop(key, None)
        self._size += _size(selection) - (_size(before) if before is not None else 0)
        self._known[key] = selection
        while self._size > self._capacity:
            self._size -= _size(self._known.popitem(last=False)[1])


def _size(selection: Selection) -> int:
    """Bytes, roughly."""
    return (len(selection.targets) + len(selection.signatures)) * (1 + len(selection.either_targets)) + 500
