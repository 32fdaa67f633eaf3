"""The two sets of colours. The screen paints its own background, so they hold on any terminal."""

from __future__ import annotations

from typing import Final

from textual.theme import Theme

STATE_COLOURS: Final = ("ok", "warn", "crit", "unknown", "muted", "series-a", "series-b", "series-c", "series-d")
"""The variables of each theme that text is written in, as ``$vedette-NAME`` in the style sheet."""


def _theme(name: str, *, dark: bool, base: dict[str, str], colours: tuple[str, ...]) -> Theme:
    variables = {f"vedette-{key}": colour for key, colour in zip(STATE_COLOURS, colours, strict=True)}
    return Theme(
        name=name,
        primary=base["primary"],
        accent=base["primary"],
        warning=variables["vedette-warn"],
        error=variables["vedette-crit"],
        success=variables["vedette-ok"],
        foreground=base["foreground"],
        background=base["background"],
        surface=base["background"],
        panel=base["bar"],
        dark=dark,
        variables={
            **variables,
            "vedette-bar": base["bar"],
            "vedette-cursor": base["cursor"],
            "footer-background": base["bar"],
            "footer-key-foreground": base["primary"],
        },
    )


THEMES: Final = {
    "dark": _theme(
        "vedette-dark",
        dark=True,
        base={
            "primary": "#7cc4ff",
            "foreground": "#e4e4e4",
            "background": "#141618",
            "bar": "#25292d",
            "cursor": "#2b3640",
        },
        colours=(
            "#5fd38d", "#ffc145", "#ff8080", "#d3a4ff", "#a3a9af", "#7cc4ff", "#ffc145", "#5fd38d", "#ff9fd0",
        ),
    ),
    "light": _theme(
        "vedette-light",
        dark=False,
        base={
            "primary": "#004f8c",
            "foreground": "#1a1a1a",
            "background": "#fcfcfc",
            "bar": "#e6e9ec",
            "cursor": "#d3e2f0",
        },
        colours=(
            "#0f6130", "#7d4a00", "#b00020", "#6a1b9a", "#4c5258", "#004f8c", "#7d4a00", "#0f6130", "#97125c",
        ),
    ),
}  # fmt: skip
"""By the word that ``--theme`` takes."""
