"""Measured times as values that pack well."""

from __future__ import annotations

_UNITS_PER_SECOND = 2.0**18


def rounded(seconds: float) -> float:
    """Return ``seconds`` to the next 2⁻¹⁸ s, about 4 µs.

    A duration has a dozen digits that mean nothing, and as doubles they are what a frame's compression cannot remove;
    rounded to a power of two, most bytes of the double are zero.
    """
    return round(seconds * _UNITS_PER_SECOND) / _UNITS_PER_SECOND
