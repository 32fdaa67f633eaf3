"""Label columns behave as the lists of label sets that they stand for."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vedette_server.promql import columns
from vedette_shared.labels import Labels, make_labels

LABEL_SETS = st.lists(
    st.dictionaries(st.sampled_from("abcd"), st.sampled_from(["1", "2", "10"]), max_size=4).map(make_labels),
    max_size=12,
)


def listed(labels: columns.LabelColumns) -> list[Labels]:
    return [labels.labels(i) for i in range(len(labels))]


@given(LABEL_SETS)
def test_columns_hold_the_label_sets(label_sets: list[Labels]) -> None:
    assert listed(columns.from_label_sets(label_sets)) == label_sets


@given(LABEL_SETS)
def test_the_order_is_that_of_the_label_sets(label_sets: list[Labels]) -> None:
    labels = columns.from_label_sets(label_sets)
    assert listed(labels.take(columns.sort_order(labels))) == sorted(label_sets)


@given(LABEL_SETS, LABEL_SETS)
def test_concatenation(first: list[Labels], second: list[Labels]) -> None:
    parts = [columns.from_label_sets(first), columns.from_label_sets(second)]
    assert listed(columns.concatenate(parts)) == first + second


@given(LABEL_SETS, st.sets(st.sampled_from("abcdx")))
def test_groups_are_the_distinct_combinations(label_sets: list[Labels], names: set[str]) -> None:
    labels = columns.from_label_sets(label_sets)
    groups, first = columns.group_rows(labels, names)
    kept = [tuple(pair for pair in labels if pair[0] in names) for labels in label_sets]
    assert len(first) == len(set(kept))
    assert [kept[first[group]] for group in groups] == kept
    assert listed(columns.keep(labels, names)) == kept
    assert listed(columns.drop(labels, names)) == [
        tuple(pair for pair in labels if pair[0] not in names) for labels in label_sets
    ]


def test_a_label_is_put_and_dropped_row_by_row() -> None:
    labels = columns.from_label_sets([make_labels(a="1"), make_labels(a="2", b="x")])
    put = columns.put(labels, "b", (np.array([0, 1], np.int32), ["y", ""]))
    assert listed(put) == [make_labels(a="1", b="y"), make_labels(a="2")]
    dropped = columns.drop_where(labels, ("a",), np.array([True, False]))
    assert listed(dropped) == [(), make_labels(a="2", b="x")]


@pytest.mark.parametrize("size", [0, 1, 5000])
def test_many_values_of_many_labels_are_still_numbered_right(size: int) -> None:
    rng = np.random.default_rng(0)
    table = {name: (rng.integers(0, 3000, size).astype(np.int32), [f"v{i}" for i in range(3000)]) for name in "abcdef"}
    groups, first = columns.group_columns(list(table.values()), size)
    rows = list(zip(*(codes.tolist() for codes, _ in table.values()), strict=True))
    assert len(first) == len(set(rows))
    assert [rows[first[group]] for group in groups] == rows
