"""Remembered selections: the same as new ones, however the index grows, and bounded."""

from __future__ import annotations

import numpy as np
import pytest

from vedette_server.storage.index.identity import Index
from vedette_server.storage.index.selection import Selection, select
from vedette_server.storage.interface import Matcher, MatchOp
from vedette_server.storage.read.selections import Selections
from vedette_shared.labels import make_labels

MATCHERS = (Matcher("host", MatchOp.REGEX, "h.*"), Matcher("mode", MatchOp.NOT_EQUAL, "idle"))


def same(one: Selection, other: Selection) -> bool:
    names = ("targets", "signatures", "either_targets", "either_signatures")
    return all(np.array_equal(getattr(one, name), getattr(other, name)) for name in names)


@pytest.mark.parametrize("capacity", [0, 600, 1 << 20])
def test_selections_follow_the_index(capacity: int) -> None:
    """After every new target and signature, in whatever order they come."""
    index = Index()
    selections = Selections(index, capacity)
    for i in range(6):
        index.intern_target(make_labels(host=f"h{i}"))
        assert same(selections.of(MATCHERS), select(index, MATCHERS))
        index.signatures.intern(make_labels(__name__="cpu", mode="idle" if i % 2 else f"m{i}"))
        assert same(selections.of(list(MATCHERS)), select(index, MATCHERS))
        assert same(selections.of(MATCHERS[1:]), select(index, MATCHERS[1:]))


def test_what_is_known_is_not_made_again() -> None:
    """The very same object."""
    selections = Selections(Index())
    assert selections.of(MATCHERS) is selections.of(MATCHERS)


def test_selections_are_bounded() -> None:
    """The ones that were made first are forgotten."""
    index = Index()
    selections = Selections(index, 2000)
    first = selections.of(MATCHERS)
    for i in range(5):
        selections.of([Matcher("host", MatchOp.EQUAL, f"h{i}")])
    assert selections.of(MATCHERS) is not first
