"""The arithmetic of frames by NumPy: what ``vedette_shared.frames.values`` does in plain Python, ten times as fast."""

from __future__ import annotations

import numpy as np

VALUE_BYTES = 8


def from_planes(planes: memoryview) -> bytes:
    """The doubles of byte planes, see ``vedette_shared.frames.values.from_planes``."""
    return np.frombuffer(planes, np.uint8).reshape(VALUE_BYTES, -1).T.tobytes()


def xor(values: bytes, base: bytes) -> bytes:
    """The XOR of two vectors of doubles of one length."""
    return (np.frombuffer(values, np.uint64) ^ np.frombuffer(base, np.uint64)).tobytes()


def resolve_planes(message: bytes, at: int, base: bytes) -> bytes:
    """``xor`` of ``base`` and ``from_planes`` of as many bytes of ``message``, from ``at`` on."""
    planes = np.frombuffer(message, np.uint8, len(base), at).reshape(VALUE_BYTES, -1)
    return (planes.T.reshape(-1).view(np.uint64) ^ np.frombuffer(base, np.uint64)).tobytes()
