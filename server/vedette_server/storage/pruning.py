"""Pruning: names that nothing in the store bears any more are forgotten, so that a fleet's churn leaves nothing behind.

Sources that have been silent for longer than the retention go first, then the layouts that no source had within it,
and those without series that describe no metric that is left; then the targets and signatures of which there is no
sample, neither in a block nor in a head, and no layout. A name has to be without use twice, a while apart, as a reader
may still hold a block that was dropped in between.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from vedette_server.storage.index.identity import Index
from vedette_server.storage.intake import Intake
from vedette_server.storage.options import HOUR_MS
from vedette_server.storage.state import State
from vedette_shared.labels import METRIC_NAME

_MARGIN_MS = 2 * HOUR_MS
"""The current head, which is no older, may take frames of a source without looking it up."""

Unused = NDArray[np.bool_]


class Pruner:
    """Forgets names. For the trio thread, while nothing is being taken in and no block is being made."""

    def __init__(self, index: Index, intake: Intake, state: State) -> None:
        self._index = index
        self._intake = intake
        self._state = state
        self._before: tuple[Unused, Unused] = np.zeros(0, np.bool_), np.zeros(0, np.bool_)

    def prune(self, oldest: int, awaited: Iterable[bytes]) -> None:
        """Forget what has no use.

        Args:
            oldest: The oldest timestamp that the store takes, ms.
            awaited: Layouts of frames that wait to be taken in.
        """
        self._intake.sources.forget_before(oldest - _MARGIN_MS)
        self._forget_layouts(awaited)
        self._forget_names()

    def _forget_layouts(self, awaited: Iterable[bytes]) -> None:
        used = self._intake.sources.layouts().union(awaited, self._intake.layouts_in_use())
        for sealed in self._state.sealed:
            used.update(sealed.layouts)
        used.update(self._descriptions())
        gone = [one for one in self._index.layouts.hashes() if one not in used]
        self._index.layouts.forget(gone)
        self._state.layouts_dropped += len(gone)

    def _descriptions(self) -> list[bytes]:
        """Layouts without series that describe some of the metrics that there are."""
        known = list(self._index.layouts.descriptions())
        names = self._metric_names() if known else set()
        return [layout_hash for layout_hash, described in known if not described.isdisjoint(names)]

    def _metric_names(self) -> set[str]:
        signatures = self._index.signatures
        column = signatures.column(METRIC_NAME)
        if column is None:
            return set()
        codes = np.unique(column.dense(len(signatures))[signatures.alive()])
        return {column.values[code] for code in codes.tolist()}

    def _forget_names(self) -> None:
        targets, signatures = self._unused()
        before, self._before = self._before, (targets, signatures)
        lost = [_both(*pair) for pair in zip(before, (targets, signatures), strict=True)]
        if len(lost[0]) or len(lost[1]):
            self._index.forget(lost[0], lost[1])
            self._intake.forget_loose()

    def _unused(self) -> tuple[Unused, Unused]:
        index, contents = self._index, self._state.contents
        targets, signatures = index.targets.alive(), index.signatures.alive()
        directories = [block.directory for block in contents.blocks]
        directories += [head.view().directory for head in contents.heads]
        for directory in directories:
            targets[directory.slot_targets] = False
            signatures[directory.table_signatures] = False
        for shape in index.layouts.shapes():
            signatures[shape.signatures] = False
        return targets, signatures


def _both(before: Unused, now: Unused) -> NDArray[np.intp]:
    """The numbers without use then and now."""
    return np.flatnonzero(before & now[: len(before)])
