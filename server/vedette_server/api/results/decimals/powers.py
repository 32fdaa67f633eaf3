"""Powers of ten to 128 bits, as the shortest decimal of a double is found with."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

LEAST, MOST = -292, 324
"""The exponents that doubles need."""

_BITS = 64
_MASK = (1 << _BITS) - 1


def powers_of_ten() -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
    """Return the upper and the lower halves of 10**LEAST … 10**MOST, uint64 each.

    Each power is scaled by a power of two to lie in [2**127, 2**128), and rounded up.
    """
    scaled = [_scaled(exponent) for exponent in range(LEAST, MOST + 1)]
    upper = np.array([number >> _BITS for number in scaled], np.uint64)
    lower = np.array([number & _MASK for number in scaled], np.uint64)
    return upper, lower


def _scaled(exponent: int) -> int:
    power: int = 10 ** abs(exponent)
    if exponent < 0:
        bits = 2 * _BITS - 1 + power.bit_length()
        return -(-(1 << bits) // power)
    excess = power.bit_length() - 2 * _BITS
    return power << -excess if excess <= 0 else -(-power >> excess)
