"""Colours that can be read."""

from __future__ import annotations

import pytest
from textual.color import Color

from vedette_tui.themes import STATE_COLOURS, THEMES

READABLE = 4.5
"""The least contrast of small text (WCAG 2.1, success criterion 1.4.3)."""


def luminance(colour: Color) -> float:
    """Relative luminance as WCAG 2.1 defines it."""
    parts = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in colour.normalized]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


def contrast(one: str, other: str) -> float:
    """The contrast ratio as WCAG 2.1 defines it."""
    dark, light = sorted(luminance(Color.parse(text)) for text in (one, other))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("name", THEMES)
@pytest.mark.parametrize("ground", ["background", "bar", "cursor"])
def test_every_text_can_be_read_on_every_ground(name: str, ground: str) -> None:
    """On the screen, on the bars, and under the cursor."""
    theme = THEMES[name]
    grounds = {"background": str(theme.background)} | {
        key: theme.variables[f"vedette-{key}"] for key in ("bar", "cursor")
    }
    texts = {key: theme.variables[f"vedette-{key}"] for key in STATE_COLOURS}
    texts |= {"text": str(theme.foreground), "title": theme.primary}
    faint = {key: contrast(text, grounds[ground]) for key, text in texts.items()}
    assert {key: ratio for key, ratio in faint.items() if ratio < READABLE} == {}
