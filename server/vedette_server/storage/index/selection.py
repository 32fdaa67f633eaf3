"""From matchers to the targets and the signatures that can satisfy them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vedette_server.storage.index.identity import Index
from vedette_server.storage.index.patterns import Pattern, pattern_of
from vedette_server.storage.index.table import LabelTable
from vedette_server.storage.interface import Matcher

Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Selection:
    """A series (target t, signature s) satisfies the matchers if and only if ``targets[t]`` and ``signatures[s]`` and,
    for every row k, ``either_targets[k, t]`` or ``either_signatures[k, s]``.

    Attributes:
        targets: bool of shape (targets,).
        signatures: bool of shape (signatures,).
        either_targets: bool of shape (k, targets): conditions that a label of either side can satisfy.
        either_signatures: bool of shape (k, signatures).
    """

    targets: Mask
    signatures: Mask
    either_targets: NDArray[np.bool_]
    either_signatures: NDArray[np.bool_]

    @property
    def empty(self) -> bool:
        """Whether no series can satisfy it."""
        return not (self.targets.any() and self.signatures.any())


def select(index: Index, matchers: Sequence[Matcher]) -> Selection:
    """Return the selection of ``matchers`` among what the index knows now.

    A label stands on one side of a series only. So a matcher that the empty value satisfies must hold on both sides,
    and another one on either.
    """
    targets, signatures = len(index.targets), len(index.signatures)
    target_mask, signature_mask = np.ones(targets, np.bool_), np.ones(signatures, np.bool_)
    either: list[tuple[Mask, Mask]] = []
    for matcher in matchers:
        pattern = pattern_of(matcher)
        if pattern.matches_empty:
            target_mask &= ~_having(index.targets, targets, pattern, satisfied=False)
            signature_mask &= ~_having(index.signatures, signatures, pattern, satisfied=False)
            continue
        of_targets = _having(index.targets, targets, pattern, satisfied=True)
        of_signatures = _having(index.signatures, signatures, pattern, satisfied=True)
        if not of_targets.any():
            signature_mask &= of_signatures
        elif not of_signatures.any():
            target_mask &= of_targets
        else:
            either.append((of_targets, of_signatures))
    return Selection(
        target_mask,
        signature_mask,
        np.array([t for t, _ in either], np.bool_).reshape(len(either), targets),
        np.array([s for _, s in either], np.bool_).reshape(len(either), signatures),
    )


def everything(index: Index) -> Selection:
    """The selection of all series."""
    return select(index, ())


def _having(table: LabelTable, count: int, pattern: Pattern, *, satisfied: bool) -> Mask:
    """The sets that have the label, with a value that satisfies the matcher or, else, that does not."""
    mask = np.zeros(count, np.bool_)
    column = table.column(pattern.matcher.name)
    if column is not None:
        entries, codes = column.pairs(count)
        allowed = pattern.codes(column)
        mask[entries[allowed[codes] == satisfied]] = True
    return mask
