"""Braille dots."""

from __future__ import annotations

from vedette_tui.graph.canvas import Canvas


def text(canvas: Canvas, rows: int) -> list[str]:
    """The rows as texts."""
    return ["".join(sign or "." for sign, _ in canvas.signs(row)) for row in range(rows)]


def test_every_dot_has_its_place() -> None:
    """Two across, four down, as Unicode numbers them."""
    signs = []
    for y in range(4):
        for x in range(2):
            canvas = Canvas(1, 1)
            canvas.dot(x, y, 0)
            signs += text(canvas, 1)
    assert signs == ["⠁", "⠈", "⠂", "⠐", "⠄", "⠠", "⡀", "⢀"]


def test_lines_run_in_every_direction() -> None:
    """From the middle to eight points of the compass."""
    canvas = Canvas(4, 2)
    for x, y in ((3, 0), (6, 0), (6, 3), (6, 6), (3, 6), (0, 6), (0, 3), (0, 0)):
        canvas.line(3, 3, x, y, 0)
    assert text(canvas, 2) == ["⣑⣼⣔⡁", "⠔⠹⠑⠄"]


def test_what_lies_outside_is_left_out() -> None:
    """A line may leave the canvas."""
    canvas = Canvas(2, 1)
    canvas.line(-4, 1, 9, 1, 0)
    assert text(canvas, 1) == ["⠒⠒"]


def test_a_sign_belongs_to_whom_it_was_drawn_for_last() -> None:
    """And to nobody while it is blank."""
    canvas = Canvas(3, 1)
    canvas.line(0, 0, 3, 0, 0)
    canvas.dot(2, 3, 1)
    assert list(canvas.signs(0)) == [("⠉", 0), ("⡉", 1), ("", -1)]
