"""Compiles the kernels before there is much work for them."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np

from vedette_server.compiled import in_background
from vedette_server.storage.block import codec
from vedette_server.storage.block.reader import Block
from vedette_server.storage.compaction.build import build_block
from vedette_server.storage.compaction.merger import spans_of
from vedette_server.storage.head.grouped import GroupedView
from vedette_server.storage.head.head import Head
from vedette_server.storage.index.identity import Index
from vedette_server.storage.index.selection import everything
from vedette_server.storage.intake import Intake
from vedette_server.storage.interface import LooseSamples
from vedette_server.storage.read.assemble import assemble
from vedette_server.storage.read.cache import PieceCache
from vedette_server.storage.read.directory import Source
from vedette_shared.frames import Frame, Sender, encode_target, layout_of
from vedette_shared.labels import make_labels
from vedette_shared.metrics import gauge

_EVER = 2**62
_ALWAYS = -(2**63)
_TICKS = 12


def warm_up() -> None:
    """Write and read a small block in a temporary folder. Takes seconds once after an installation.

    Meant for a thread in the background; see ``vedette_server.compiled`` for what runs meanwhile.
    """
    with in_background(), tempfile.TemporaryDirectory(prefix="vedette-warm-") as folder:
        index, cache = Index(), PieceCache(1 << 20)
        head = _filled_head(index)
        blocks: list[Block] = []
        for number, config in enumerate((codec.QUICK, codec.THOROUGH)):
            path = Path(folder) / f"{number}.block"
            sources: list[Source] = [*blocks, GroupedView(head.view())]
            build_block(path, index, sources, -_EVER, _EVER, lambda meta: meta, config)
            blocks.append(Block(path, index, cache))
        spans_of(blocks, 5)
        assemble(index, [*blocks, head.view()], everything(index), 2, _EVER)


def _filled_head(index: Index) -> Head:
    head = Head(1 << 20, 0)
    intake = Intake(index, head)
    layout = layout_of([gauge("a", "", 0.0), gauge("b", "", 0.0)])
    intake.layout(layout)
    target = encode_target(make_labels(host="warm"))
    for tick in range(_TICKS):
        values = np.array([tick * tick % 7, tick / 3]).tobytes()
        intake.frames(Sender("warm", 0), [Frame(tick + 1, tick, target, "warm", layout.hash, values)], _ALWAYS)
    numbers = index.loose([make_labels(__name__="c", host="warm")])
    ticks = np.arange(_TICKS)
    intake.loose(numbers, LooseSamples(np.zeros(_TICKS, np.int64), ticks, ticks / 4), _ALWAYS)
    return head
