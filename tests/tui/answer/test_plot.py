"""Answers as plots: what ``vedette top`` draws, with a legend."""

from typing import Any

from vedette_tui.answer.plot import HEIGHT, left_out, render_plot


def entry(host: str, *values: float) -> dict[str, Any]:
    metric = {"__name__": "load", "host": host}
    return {"metric": metric, "values": [[10 * place, str(value)] for place, value in enumerate(values)]}


def answer(*entries: dict[str, Any]) -> dict[str, Any]:
    return {"resultType": "matrix", "result": list(entries)}


def test_one_series() -> None:
    """Its name above, its last value below."""
    lines = render_plot(answer(entry("a", 0, 1, 2)), 0, 20, 10, 40, coloured=False)
    assert (lines[0], lines[-1], len(lines)) == ('load{host="a"}', "⣿ 2", HEIGHT + 2)


def test_several_series() -> None:
    """What they share above; a mark of its colour for each."""
    lines = render_plot(answer(entry("a", 0, 1, 2), entry("b", 2, 1, 0)), 0, 20, 10, 40, coloured=True)
    assert (lines[0], lines[-2:]) == (
        "load",
        ['\x1b[36m⣿\x1b[0m host="a" 2', '\x1b[33m⣿\x1b[0m host="b" 0'],
    )


def test_no_series() -> None:
    """A message where the plot would be."""
    lines = render_plot(answer(), 0, 20, 10, 40, coloured=False)
    assert [line.strip() for line in lines if line] == ["no data in this time"]


def test_what_is_not_drawn_is_said() -> None:
    five = answer(*(entry(host, 1) for host in "abcde"))
    assert (left_out(five), left_out(answer(entry("a", 1)))) == (
        ["drawn are 4 of 5 series; topk(4, …) chooses"],
        [],
    )
    assert sum("⣿" in line for line in render_plot(five, 0, 20, 10, 40, coloured=False)) == 4
