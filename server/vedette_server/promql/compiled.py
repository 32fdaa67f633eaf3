"""How the kernels are compiled."""

from __future__ import annotations

from numba import njit

compiled = njit(nogil=True, cache=True, error_model="numpy")
"""Decorates a kernel: it releases the GIL, stays compiled on disk, and divides by zero as IEEE 754 says."""
