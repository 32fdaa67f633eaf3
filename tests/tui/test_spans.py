"""Lines of spans: cutting, padding, cleaning."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vedette_tui.spans import Align, Span, fit, plain, printable, width_of, wrap_beside

LINES = st.lists(st.builds(Span, st.text(max_size=12), st.sampled_from(["", "ok"])), max_size=5)


@pytest.mark.parametrize(
    ("texts", "width", "align", "expected"),
    [
        (["abc"], 5, "left", "abc  "),
        (["abc"], 5, "right", "  abc"),
        (["abc"], 3, "left", "abc"),
        (["abcd"], 3, "left", "ab…"),
        (["ab", "cd"], 3, "right", "ab…"),
        (["日本"], 3, "left", "日…"),
        (["日本"], 2, "left", "… "),
        (["abc"], 0, "left", ""),
        ([], 2, "left", "  "),
    ],
)
def test_a_line_is_fitted(texts: list[str], width: int, align: Align, expected: str) -> None:
    """Padded on the side that is not aligned to; cut with an ellipsis; double-width signs count two."""
    assert plain(fit([Span(text) for text in texts], width, align)) == expected


@given(LINES, st.integers(0, 30))
def test_a_fitted_line_has_exactly_its_width(line: list[Span], width: int) -> None:
    """Whatever the text."""
    assert width_of(fit(line, width)) == width


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("web-1 ä 日本", "web-1 ä 日本"),
        ("a\x1b[2Jb", "a\N{REPLACEMENT CHARACTER}[2Jb"),
        ("two\nlines\tand", "two lines and"),
        ("right\u202eleft", "right\N{REPLACEMENT CHARACTER}left"),
    ],
)
def test_names_from_afar_do_not_steer_the_terminal(text: str, expected: str) -> None:
    """Control characters and direction marks become visible; line ends and tabs become spaces."""
    assert printable(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", [" CRIT "]),
        ("short", [" CRIT short"]),
        ("alpha bravo charlie", [" CRIT alpha bravo", " charlie"]),
        ("alpha bravo charlie delta echo foxtrot", [" CRIT alpha bravo", " charlie delta echo …"]),
        ("one\x1btwo", [" CRIT one\N{REPLACEMENT CHARACTER}two"]),
    ],
)
def test_a_text_is_wrapped_beside_a_word(text: str, expected: list[str]) -> None:
    """On two lines at the most; an ellipsis stands for the rest."""
    assert [plain(line) for line in wrap_beside(Span("CRIT", "crit"), text, 21)] == expected
