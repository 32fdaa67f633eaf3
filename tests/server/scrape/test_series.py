"""Labels of a page beside those of its target."""

from __future__ import annotations

import pytest

from vedette_server.scrape.errors import LimitError
from vedette_server.scrape.page.series import LabelRules, lay_over
from vedette_shared.labels import Labels, make_labels

TARGET = make_labels(host="h", instance="i", job="j")


@pytest.mark.parametrize(
    ("pairs", "target", "labels"),
    [
        ((("a", "b"),), TARGET, (("a", "b"),)),
        ((("a", ""), ("b", "c")), TARGET, (("b", "c"),)),
        ((("job", "other"),), TARGET, (("exported_job", "other"),)),
        ((("job", "j"),), TARGET, (("exported_job", "j"),)),
        ((("job", ""),), TARGET, ()),
        (
            (("exported_job", "x"), ("job", "other")),
            TARGET,
            (("exported_exported_job", "other"), ("exported_job", "x")),
        ),
    ],
)
def test_the_targets_labels_win(pairs: Labels, target: Labels, labels: Labels) -> None:
    assert lay_over(pairs, TARGET, honor_labels=False) == (target, labels)


@pytest.mark.parametrize(
    ("pairs", "target", "labels"),
    [
        ((("a", "b"),), TARGET, (("a", "b"),)),
        ((("a", "b"), ("job", "other")), make_labels(host="h", instance="i", job="other"), (("a", "b"),)),
        ((("job", "j"),), TARGET, ()),
        ((("instance", ""),), make_labels(host="h", job="j"), ()),
    ],
)
def test_the_pages_labels_are_honoured(pairs: Labels, target: Labels, labels: Labels) -> None:
    assert lay_over(pairs, TARGET, honor_labels=True) == (target, labels)


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        (LabelRules(label_limit=5), None),
        (LabelRules(label_limit=4), "a series of m has 5 labels; label_limit is 4"),
        (LabelRules(label_name_length_limit=3), "the label device of m has a name longer than"),
        (
            LabelRules(label_value_length_limit=3),
            "the label device of m has a value longer than",
        ),
    ],
)
def test_limits_of_labels(rules: LabelRules, message: str | None) -> None:
    """The name of the metric counts as a label, as do the target's."""
    if message is None:
        rules.check("m", (("device", "eth0"),), TARGET)
        return
    with pytest.raises(LimitError, match=message):
        rules.check("m", (("device", "eth0"),), TARGET)
