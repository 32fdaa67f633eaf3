"""Lines of text in which each stretch bears a kind, such as ``crit``; the style sheet gives each kind its look."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple, TypeAlias

from rich.cells import cell_len, chop_cells

Align: TypeAlias = Literal["left", "right"]

KINDS = (
    "ok", "warn", "crit", "unknown", "up", "down", "unreach", "dim", "strong", "title",
    "axis", "warn-level", "crit-level", "series-0", "series-1", "series-2", "series-3",
)  # fmt: skip
"""Every kind that the style sheet knows, as the component class ``span--KIND``."""


class Span(NamedTuple):
    """A stretch of one line."""

    text: str
    kind: str = ""


Line: TypeAlias = tuple[Span, ...]


def printable(text: str) -> str:
    """Return ``text`` as one line without control characters: a name from afar must not steer the terminal."""
    if text.isprintable():
        return text
    return "".join(
        char if char.isprintable() else " " if char.isspace() else "\N{REPLACEMENT CHARACTER}" for char in text
    )


def wrap_beside(head: Span, text: str, width: int, lines: int = 2) -> tuple[Line, ...]:
    """Return ``head`` with ``text`` beside it, wrapped into at most so many lines of ``width`` cells."""
    first, *rest = textwrap.wrap(
        printable(text),
        max(20, width - 1),
        initial_indent=" " * (len(head.text) + 1),
        max_lines=lines,
        placeholder=" …",
    ) or [""]
    return (Span(" "), head, Span(f" {first.lstrip()}")), *((Span(f" {line}"),) for line in rest)


def plain(line: Iterable[Span]) -> str:
    """Return the text of ``line`` alone."""
    return "".join(span.text for span in line)


def width_of(line: Iterable[Span]) -> int:
    """Return the cells that ``line`` takes on the screen."""
    return sum(cell_len(span.text) for span in line)


def fit(line: Sequence[Span], width: int, align: Align = "left") -> Line:
    """Return ``line`` in exactly ``width`` cells: padded, or cut with an ellipsis as its last sign."""
    if width <= 0:
        return ()
    line = [Span(printable(span.text), span.kind) for span in line]
    space = width - width_of(line)
    if space < 0:
        return _cut(line, width)
    padding = (Span(" " * space),) if space else ()
    return (*padding, *line) if align == "right" else (*line, *padding)


def _cut(line: Iterable[Span], width: int) -> Line:
    kept: list[Span] = []
    left = width - 1
    for span in line:
        length = cell_len(span.text)
        if length > left:
            # At a border of double-width signs the cut may fall one cell short.
            text = chop_cells(span.text, left)[0] if left > 0 else ""
            text = text if cell_len(text) <= left else ""
            kept.append(Span(text + "…" + " " * (left - cell_len(text)), span.kind))
            break
        kept.append(span)
        left -= length
    return tuple(kept)
