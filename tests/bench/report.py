"""What a bench prints: one line of JSON for each figure, with its bars."""

from __future__ import annotations

import json
from collections.abc import Mapping


def report(bench: str, figures: Mapping[str, float], bars: Mapping[str, tuple[float, float]], **more: object) -> bool:
    """Print a line.

    Args:
        bench: What was measured.
        figures: By name, in the unit that the name tells.
        bars: By name, a ratio and the most that it may be.
        more: What else is worth knowing.

    Returns:
        Whether all bars are met; the line says ``null`` where there is none.
    """
    met = all(ratio <= bar for ratio, bar in bars.values())
    line: dict[str, object] = {"bench": bench, **{name: _rounded(value) for name, value in figures.items()}}
    for name, (ratio, bar) in bars.items():
        line |= {name: _rounded(ratio), f"bar_{name}": bar}
    print(json.dumps({**line, **more, "met": met if bars else None}), flush=True)
    return met


def _rounded(value: float) -> float:
    return float(f"{value:.4g}")
