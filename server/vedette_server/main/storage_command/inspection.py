"""``vedette storage inspect``: what a store holds, and what takes the room."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from vedette_server.main.storage_command.frozen import FrozenStore
from vedette_server.main.storage_command.snapshot import Snapshot
from vedette_server.storage.block.reader import Block
from vedette_server.storage.index.selection import everything
from vedette_server.storage.index.table import LabelTable
from vedette_server.storage.options import DAY_MS
from vedette_shared.labels import METRIC_NAME, format_series

LARGEST = 10
_EVER = 2**62


class BlockReport(msgspec.Struct, frozen=True):
    """One block. Times are in ms; ``bytes_per_sample`` is 0 without samples."""

    name: str
    min_time: int
    max_time: int
    samples: int
    series: int
    targets: int
    bytes: int
    bytes_per_sample: float
    window: int


class SegmentReport(msgspec.Struct, frozen=True):
    """One segment of the log."""

    name: str
    bytes: int


class HeadReport(msgspec.Struct, frozen=True):
    """What only the log holds: samples that are in no block yet. Times are in ms, 0 without samples."""

    min_time: int
    max_time: int
    samples: int
    series: int


class ChurnReport(msgspec.Struct, frozen=True):
    """Targets that came and went within the last day before the newest sample: by their first and last samples."""

    targets_added: int
    targets_silent: int


class Entry(msgspec.Struct, frozen=True):
    """A name, or a label set, and how many series bear it."""

    name: str
    series: int


class LabelEntry(msgspec.Struct, frozen=True):
    """A label, how many values it has, and how many series bear it."""

    name: str
    values: int
    series: int


class Report(msgspec.Struct, frozen=True):
    """What a store holds."""

    folder: str
    used_by: int | None
    blocks: list[BlockReport]
    log: list[SegmentReport]
    head: HeadReport
    churn: ChurnReport
    series: int
    targets: int
    signatures: int
    layouts: int
    deletions: int
    damaged: int
    largest_metrics: list[Entry]
    largest_labels: list[LabelEntry]
    largest_targets: list[Entry]


def inspect(folder: Path, used_by: int | None) -> Report:
    """Look at the store in ``folder``, which a server may use.

    Raises:
        StorageCommandError: it cannot be read.
    """
    with Snapshot(folder) as snapshot, snapshot.mounted() as place:
        store = FrozenStore(place)
        targets, signatures = _pairs(store)
        by_target = np.bincount(targets, minlength=len(store.index.targets))
        by_signature = np.bincount(signatures, minlength=len(store.index.signatures))
        return Report(
            folder=str(folder),
            used_by=used_by,
            blocks=[_block(block) for block in store.contents.blocks],
            log=[
                SegmentReport(file.name.removeprefix("log/"), file.size)
                for file in snapshot.files
                if file.name.startswith("log/")
            ],
            head=_head(store),
            churn=_churn(store),
            series=len(targets),
            targets=int((by_target > 0).sum()),
            signatures=int((by_signature > 0).sum()),
            layouts=len(store.index.layouts),
            deletions=len(store.contents.deletions),
            damaged=store.damaged,
            largest_metrics=_metrics(store.index.signatures, by_signature),
            largest_labels=_labels(store, by_target, by_signature),
            largest_targets=[
                Entry(format_series(store.index.targets.labels(number)), count) for number, count in _largest(by_target)
            ],
        )


def _churn(store: FrozenStore) -> ChurnReport:
    known = len(store.index.targets)
    first, last = np.full(known, _EVER), np.full(known, -_EVER)
    for source in store.contents.sources(store.index):
        directory = source.directory
        np.minimum.at(first, directory.slot_targets, directory.slot_first)
        np.maximum.at(last, directory.slot_targets, directory.slot_last)
    borne = first <= last
    horizon = int(last.max(initial=-_EVER)) - DAY_MS
    return ChurnReport(int((borne & (first > horizon)).sum()), int((borne & (last <= horizon)).sum()))


def _pairs(store: FrozenStore) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """The target and the signature of each distinct series."""
    everyone = everything(store.index)
    hashes: NDArray[np.uint64] = np.zeros(0, np.uint64)
    targets, signatures = np.zeros(0, np.int32), np.zeros(0, np.int32)
    target_sums, signature_sums = store.index.targets.sums(), store.index.signatures.sums()
    for source in store.contents.sources(store.index):
        more_targets, more_signatures = source.directory.pick(everyone, -_EVER, _EVER).pairs(source.directory)
        all_hashes = np.concatenate([hashes, target_sums[more_targets] + signature_sums[more_signatures]])
        hashes, first = np.unique(all_hashes, return_index=True)
        targets = np.concatenate([targets, more_targets])[first]
        signatures = np.concatenate([signatures, more_signatures])[first]
    return targets, signatures


def _block(block: Block) -> BlockReport:
    about = block.meta
    return BlockReport(
        block.name,
        about.min_time,
        about.max_time,
        about.samples,
        about.series,
        len(np.unique(block.directory.slot_targets)),
        block.size,
        block.size / about.samples if about.samples else 0.0,
        about.window,
    )


def _head(store: FrozenStore) -> HeadReport:
    heads = [head for head in store.contents.heads if head.rows]
    everyone = everything(store.index)
    hashes = [np.zeros(0, np.uint64)]
    for head in heads:
        directory = head.view().directory
        targets, signatures = directory.pick(everyone, -_EVER, _EVER).pairs(directory)
        hashes.append(store.index.targets.sums()[targets] + store.index.signatures.sums()[signatures])
    return HeadReport(
        min((head.min_time for head in heads), default=0),
        max((head.max_time for head in heads), default=0),
        sum(head.samples for head in heads),
        len(np.unique(np.concatenate(hashes))),
    )


def _metrics(signatures: LabelTable, counts: NDArray[np.int64]) -> list[Entry]:
    column = signatures.column(METRIC_NAME)
    if column is None:
        return []
    by_code = np.bincount(column.dense(len(signatures)), counts, minlength=len(column.values)).astype(np.int64)
    by_code[0] = 0
    return [Entry(column.values[code], count) for code, count in _largest(by_code)]


@dataclass(slots=True)
class _Label:
    values: set[str]
    series: int = 0


def _labels(store: FrozenStore, by_target: NDArray[np.int64], by_signature: NDArray[np.int64]) -> list[LabelEntry]:
    found: dict[str, _Label] = {}
    for table, counts in ((store.index.targets, by_target), (store.index.signatures, by_signature)):
        for column in table.columns():
            if column.name == METRIC_NAME:
                continue
            entries, codes = column.pairs(len(table))
            used = counts[entries] > 0
            label = found.setdefault(column.name, _Label(set()))
            label.values.update(column.values[code] for code in np.unique(codes[used]).tolist())
            label.series += int(counts[entries].sum())
    ranked = sorted(found.items(), key=lambda item: (-len(item[1].values), item[0]))
    return [LabelEntry(name, len(label.values), label.series) for name, label in ranked[:LARGEST] if label.values]


def _largest(counts: NDArray[np.int64]) -> list[tuple[int, int]]:
    """The places of the largest counts, with them; zeros are none."""
    return [(place, count) for place, count in Counter(dict(enumerate(counts.tolist()))).most_common(LARGEST) if count]
