"""A layout stays while nothing new appears; what is missing is stale once, then absent."""

import struct

from hypothesis import given
from hypothesis import strategies as st

from vedette_agent.sources.layouts import LayoutKeeper
from vedette_shared.frames import ABSENT_BITS, STALE_BITS, Layout, layout_of
from vedette_shared.labels import make_labels
from vedette_shared.metrics import MetricFamily, gauge

ABSENT, STALE = "absent", "stale"


def families(**values: float) -> list[MetricFamily]:
    """One family of a sample for each device."""
    family = gauge("bytes", "Help.")
    for device, value in values.items():
        family.add(value, make_labels(device=device))
    return [family, gauge("up", "", 1.0)]


def read(fitted: tuple[Layout, bytes]) -> dict[str, float | str]:
    layout, values = fitted
    numbers = struct.unpack(f"<{len(layout)}d", values)
    bits = struct.unpack(f"<{len(layout)}Q", values)
    words = {ABSENT_BITS: ABSENT, STALE_BITS: STALE}
    return {
        dict(series.labels).get("device", series.name): words.get(bit, number)
        for series, number, bit in zip(layout.series, numbers, bits, strict=True)
    }


def test_what_goes_and_comes_back_keeps_its_place() -> None:
    keeper = LayoutKeeper()
    first = keeper.fit(families(a=1, b=2, c=3))
    story = [
        (families(a=1, b=2, c=3), {"a": 1, "b": 2, "c": 3, "up": 1}),
        (families(a=1, c=3), {"a": 1, "b": STALE, "c": 3, "up": 1}),
        (families(a=1, c=4), {"a": 1, "b": ABSENT, "c": 4, "up": 1}),
        (families(a=1), {"a": 1, "b": ABSENT, "c": STALE, "up": 1}),
        (families(c=5, a=1), {"a": 1, "b": ABSENT, "c": 5, "up": 1}),
        (families(b=6, c=5, a=1), {"a": 1, "b": 6, "c": 5, "up": 1}),
    ]
    for collected, expected in story:
        layout, values = keeper.fit(collected)
        assert layout is first[0]
        assert read((layout, values)) == expected


def test_what_is_new_makes_a_new_layout_of_what_there_is() -> None:
    keeper = LayoutKeeper()
    keeper.fit(families(a=1, b=2, c=3))
    keeper.fit(families(a=1, c=3))
    assert read(keeper.fit(families(a=1, c=3, d=4))) == {"a": 1, "c": 3, "d": 4, "up": 1}
    assert keeper.fit(families(a=1, c=3, d=4))[0] == layout_of(families(a=1, c=3, d=4))


def test_one_that_lost_most_has_a_layout_of_its_own() -> None:
    keeper = LayoutKeeper()
    whole = keeper.fit(families(a=1, b=2, c=3, d=4))[0]
    assert read(keeper.fit(families())) == {"up": 1}
    assert keeper.fit(families(a=1, b=2, c=3, d=4))[0] == whole


def test_other_words_about_a_family_make_a_new_layout() -> None:
    keeper = LayoutKeeper()
    keeper.fit([gauge("x", "Old.", 1.0)])
    assert keeper.fit([gauge("x", "New.", 1.0)])[0] == layout_of([gauge("x", "New.", 1.0)])


def test_a_series_that_stands_twice() -> None:
    keeper = LayoutKeeper()
    twice = [gauge("x", "", 1.0), gauge("x", "", 2.0)]
    for _ in range(2):
        layout, values = keeper.fit(twice)
        assert struct.unpack("<2d", values) == (1.0, 2.0)
        assert len(layout) == 2


@given(st.lists(st.dictionaries(st.sampled_from("abcdef"), st.floats(0, 9)), min_size=1))
def test_every_value_is_where_its_layout_says_and_every_end_is_marked(story: list[dict[str, float]]) -> None:
    keeper = LayoutKeeper()
    before: dict[str, float] = {}
    layout_before: Layout | None = None
    for values in story:
        layout, data = keeper.fit(families(**values))
        found = read((layout, data))
        assert {name: value for name, value in found.items() if value not in (ABSENT, STALE)} == {**values, "up": 1}
        if layout is layout_before:
            assert {name for name, value in found.items() if value == STALE} == before.keys() - values.keys()
        before, layout_before = values, layout
