"""How the series of two vectors find each other: groups over the labels that both sides are matched on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from vedette_server.promql import columns
from vedette_server.promql.aggregation.kernels import any_present, count_groups
from vedette_server.promql.columns import Rows
from vedette_server.promql.errors import ExecutionError
from vedette_server.promql.nodes import Cardinality, Matching
from vedette_server.promql.values import Mask, Times, Vector
from vedette_server.storage.interface import LabelColumns
from vedette_shared.labels import METRIC_NAME, Labels, quote


@dataclass(frozen=True, slots=True)
class Groups:
    """The match groups of two vectors: the group of each series of either side, numbers below ``count``."""

    left: Times
    right: Times
    count: int


def match_groups(left: LabelColumns, right: LabelColumns, matching: Matching) -> Groups:
    """Number the match groups of both sides together."""
    names = set(matching.labels)
    if not matching.on:
        names = {*left.names(), *right.names()}.difference(matching.labels, (METRIC_NAME,))
    both = columns.concatenate([left, right])
    groups, first = columns.group_rows(both, names)
    return Groups(groups[: len(left)], groups[len(left) :], len(first))


@dataclass(frozen=True, slots=True)
class Pairs:
    """The series that meet: ``many[i]`` meets ``one[i]`` in the steps where both are present."""

    many: Rows
    one: Rows
    groups: Times


def count_pairs(many: Times, one: Times, count: int) -> int:
    """How many pairs ``pair_up`` would make."""
    return int(np.bincount(one, minlength=count)[many].sum())


def pair_up(many: Times, one: Times, count: int) -> Pairs:
    """Return every pair of series of the same group."""
    partners = np.bincount(one, minlength=count)
    if partners.size == 0 or partners.max() <= 1:
        row_of = np.full(count, -1, np.intp)
        row_of[one] = np.arange(len(one))
        partner = row_of[many]
        chosen = np.flatnonzero(partner >= 0)
        return Pairs(chosen, partner[chosen], many[chosen])
    order = np.argsort(one, kind="stable")
    starts = np.cumsum(partners) - partners
    repeats = partners[many]
    left = np.repeat(np.arange(len(many)), repeats)
    within = np.arange(len(left)) - np.repeat(np.cumsum(repeats) - repeats, repeats)
    right = order[np.repeat(starts[many], repeats) + within]
    return Pairs(left, right, many[left])


def check_one_side(one: Vector, many: Vector, groups: Times, count: int, matching: Matching) -> None:
    """Refuse a step at which a group has several series on the side that may have one.

    Raises:
        ExecutionError: names the group and two of its series.
    """
    if len(groups) == 0 or np.bincount(groups).max() <= 1:
        return
    counts = count_groups(one.present, groups, count)
    counts *= many.present.any(axis=0)
    if counts.max() <= 1:
        return
    group, step = np.unravel_index(int(np.argmax(counts > 1)), counts.shape)
    rows = [int(i) for i in np.flatnonzero(groups == group) if one.present[i, step]]
    first, second = sorted(one.labels.labels(i) for i in rows)[:2]
    side = "left" if matching.cardinality is Cardinality.ONE_TO_MANY else "right"
    shared = format_labels(match_labels(first, matching))
    raise ExecutionError(
        f"found duplicate series for the match group {shared} on the {side} hand-side of the operation:"
        f" [{format_labels(first)}, {format_labels(second)}]"
        ";many-to-many matching not allowed: matching labels must be unique on one side"
    )


def check_explicit(present: Mask, groups: Times, count: int) -> None:
    """Refuse a step at which a one-to-one match has several series of one group on the left.

    Raises:
        ExecutionError: it is so.
    """
    if len(groups) and np.bincount(groups).max() > 1 and count_groups(present, groups, count).max() > 1:
        raise ExecutionError(
            "multiple matches for labels: many-to-one matching must be explicit (group_left/group_right)"
        )


def match_labels(labels: Labels, matching: Matching) -> Labels:
    """The part of a label set that takes part in the match."""
    if matching.on:
        return tuple(pair for pair in labels if pair[0] in matching.labels)
    return tuple(pair for pair in labels if pair[0] not in matching.labels and pair[0] != METRIC_NAME)


def format_labels(labels: Labels) -> str:
    """A label set with its name among the braces, as Prometheus writes it in errors."""
    return "{" + ", ".join(f"{name}={quote(value)}" for name, value in labels) + "}"


def present_groups(vector: Vector, groups: Times, count: int) -> Mask:
    """Whether a group has any series at a step: bool of shape (count, steps)."""
    return any_present(vector.present, groups, count)
