"""Label sets are sorted, distinct, without empty values, and print as PromQL reads them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vedette_shared.errors import LabelError
from vedette_shared.labels import Labels, flatten, format_series, make_labels, unflatten, with_labels

PRINTED = [
    ((), "{}"),
    ((("__name__", "up"),), "up"),
    ((("__name__", "up"), ("job", "node")), 'up{job="node"}'),
    ((("job", "node"),), '{job="node"}'),
    ((("__name__", "up"), ("path", 'a\\b"c\nd')), 'up{path="a\\\\b\\"c\\nd"}'),
    ((("__name__", "my.metric"), ("my.label", "x")), '{"my.metric", "my.label"="x"}'),
]

label_sets = st.dictionaries(st.text(min_size=1), st.text(min_size=1)).map(make_labels)


def test_pairs_are_sorted_and_empty_values_dropped() -> None:
    assert make_labels({"job": "node", "empty": ""}, host="h1") == (("host", "h1"), ("job", "node"))


@pytest.mark.parametrize("pairs", [[("a", "1"), ("a", "2")], [("", "1")]])
def test_a_name_stands_once_and_is_not_empty(pairs: list[tuple[str, str]]) -> None:
    with pytest.raises(LabelError):
        make_labels(pairs)


def test_changes_replace_and_remove() -> None:
    assert with_labels(make_labels(a="1", b="2"), b="", c="3") == (("a", "1"), ("c", "3"))


@pytest.mark.parametrize(("labels", "text"), PRINTED)
def test_prints(labels: Labels, text: str) -> None:
    assert format_series(labels) == text


@given(label_sets)
def test_flat_form_reads_back(labels: Labels) -> None:
    assert unflatten(flatten(labels)) == labels


@pytest.mark.parametrize("flat", [["a"], ["b", "1", "a", "2"], ["a", "1", "a", "2"]])
def test_flat_form_must_be_whole_and_sorted(flat: list[str]) -> None:
    with pytest.raises(LabelError):
        unflatten(flat)
