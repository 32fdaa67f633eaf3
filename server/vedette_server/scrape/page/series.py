"""A page's series beside its target's labels: who wins where both say something."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from vedette_server.scrape.errors import LimitError
from vedette_shared.labels import Labels, make_labels

_PREFIX = "exported_"


@dataclass(frozen=True, slots=True)
class LabelRules:
    """How a job treats the labels and timestamps of its pages, and what it allows; 0 is no limit."""

    honor_labels: bool = False
    honor_timestamps: bool = True
    sample_limit: int = 0
    label_limit: int = 0
    label_name_length_limit: int = 0
    label_value_length_limit: int = 0

    def check(self, name: str, labels: Labels, target: Labels) -> None:
        """Check the labels of a series.

        Raises:
            LimitError: there are too many, or one is too long.
        """
        if self.label_limit and (count := 1 + len(labels) + len(target)) > self.label_limit:
            raise LimitError(f"a series of {name} has {count} labels; label_limit is {self.label_limit}")
        for label, value in labels if self.label_name_length_limit or self.label_value_length_limit else ():
            if self.label_name_length_limit and len(label) > self.label_name_length_limit:
                raise LimitError(f"the label {label[:50]} of {name} has a name longer than label_name_length_limit")
            if self.label_value_length_limit and len(value) > self.label_value_length_limit:
                raise LimitError(f"the label {label[:50]} of {name} has a value longer than label_value_length_limit")

    def check_count(self, samples: int) -> None:
        """Check the number of samples of a page.

        Raises:
            LimitError: there are too many.
        """
        if self.sample_limit and samples > self.sample_limit:
            raise LimitError(f"the page has {samples} samples; sample_limit is {self.sample_limit}")


def lay_over(pairs: Sequence[tuple[str, str]], target: Labels, *, honor_labels: bool) -> tuple[Labels, Labels]:
    """Return (the target's labels, the series' own) for a series with the labels ``pairs`` on a page of ``target``.

    Where both have a label, the page's is renamed, or the target's replaced if ``honor_labels``; an empty one on the
    page then removes the target's.
    """
    own = dict(target)
    if honor_labels:
        overriding = dict(pairs)
        return (
            make_labels({name: overriding.get(name, value) for name, value in target}),
            tuple((name, value) for name, value in pairs if value and name not in own),
        )
    taken = {*own, *(name for name, _ in pairs)}
    renamed: dict[str, str] = {}
    for name, value in pairs:
        if name in own and value:
            while name in taken:
                name = _PREFIX + name
            taken.add(name)
        if value:
            renamed[name] = value
    return target, make_labels(renamed)
