"""Kernels of ingestion: the values of many relative frames at once."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from vedette_server.compiled import compiled_by

Array = NDArray[Any]


@compiled_by(begins=1)
def add_planes(messages: Array, begins: Array, sizes: Array, values: Array) -> None:
    """XOR vectors of doubles with vectors that are in byte planes, see ``vedette_shared/frames/FORMAT.md``.

    Args:
        messages: uint8, in which the planes are.
        begins: int64 (n,), where those of each vector begin.
        sizes: int64 (n,), how many doubles each vector has.
        values: uint64, the vectors end to end; each becomes its XOR with what its planes say.
    """
    at = 0
    for i in range(len(begins)):
        size = sizes[i]
        bits = values[at : at + size]
        begin = begins[i]
        for plane in range(8):
            # Whole arrays at once: as Python, too, this is quick enough until it is compiled.
            octets = messages[begin : begin + size]
            bits ^= octets * np.uint64(1 << (8 * plane))
            begin += size
        at += size
