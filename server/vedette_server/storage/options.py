"""What a store can be told, and what it tells of itself."""

from __future__ import annotations

from dataclasses import dataclass

from vedette_shared.frames import VALUE_BYTES

MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS

BATCH_VALUES = 1 << 20
"""About so many samples go in one commit at most."""


@dataclass(frozen=True, slots=True)
class StorageOptions:
    """How a store keeps its data.

    Attributes:
        retention_ms: Samples older than this are dropped, 0 to keep them for ever.
        retention_bytes: Above this size of all blocks the oldest are dropped, 0 for no bound.
        cut_after_ms: A block is cut from the head at this age.
        head_bytes: A block is cut from the head at this size, whatever its age, if it has ``head_rows`` samples of
            each series by then. With so many series that it has not, the head grows with them.
        head_rows: See ``head_bytes``; a block with few samples of each series is dear to cut and to merge.
        head_bytes_max: A block is cut from the head at this size in any case.
        waiting_heads: So many full heads may wait to be written; with more, appends wait or are refused.
        cache_bytes: Decoded columns kept in memory.
        windows_ms: The spans that blocks are merged to, each a multiple of the one before.
        commit_delay_ms: How long the log waits for more to join an fsync, unless much is waiting already.
        maintenance_ms: How often merging and retention look for work.
        pruning_ms: How often names that nothing bears any more are looked for; they go at the second time.
    """

    retention_ms: int = 90 * DAY_MS
    retention_bytes: int = 0
    cut_after_ms: int = 5 * MINUTE_MS
    head_bytes: int = 96 << 20
    head_rows: int = 20
    head_bytes_max: int = 512 << 20
    waiting_heads: int = 3
    cache_bytes: int = 64 << 20
    windows_ms: tuple[int, ...] = (2 * HOUR_MS, DAY_MS)
    commit_delay_ms: int = 50
    maintenance_ms: int = 15_000
    pruning_ms: int = 10 * MINUTE_MS

    def head_budget(self, series: int) -> int:
        """The bytes at which a head is cut, if as many series as in the one before go on."""
        enough = VALUE_BYTES * self.head_rows * series
        return max(self.head_bytes, min(enough, self.head_bytes_max))

    def head_capacity(self, values: int, budget: int = 0) -> int:
        """The bytes of a new head's arena: what it may hold, and room for the batch that fills it and ``values``."""
        return max(self.head_bytes, budget) + VALUE_BYTES * max(3 * BATCH_VALUES, 2 * values)


@dataclass(frozen=True, slots=True)
class TopEntry:
    """A name and how many series bear it."""

    name: str
    series: int


@dataclass(frozen=True, slots=True)
class BlockStatistics:
    """One block.

    Attributes:
        name: Its name.
        min_time_ms: Timestamp of its oldest sample.
        max_time_ms: Timestamp of its newest sample.
        series: Series with samples in it.
        samples: Samples in it.
        bytes: Its size.
        window_ms: The span that it was merged to, 0 as it was cut from the head.
    """

    name: str
    min_time_ms: int
    max_time_ms: int
    series: int
    samples: int
    bytes: int
    window_ms: int


@dataclass(frozen=True, slots=True)
class Statistics:
    """A store's state and its counts since it was opened.

    Attributes:
        head_series: Series with samples in memory.
        head_samples: Samples in memory.
        head_bytes: Their size.
        targets: Targets known.
        signatures: Signatures known.
        layouts: Layouts known.
        blocks: Blocks on disk.
        block_samples: Samples in blocks.
        block_bytes: Size of the blocks.
        log_bytes: Size of the log.
        min_time_ms: Timestamp of the oldest sample, 0 without one.
        max_time_ms: Timestamp of the newest sample, 0 without one.
        appended: Samples stored.
        repeated: Samples that were there already with the same value.
        refused: Samples that were there already with another value.
        too_old: Samples from before the retention.
        stale_markers: Markers that the store wrote for series that ended.
        fsyncs: Group commits.
        failed_commits: Group commits that failed.
        cuts: Blocks cut from the head.
        merges: Mergings done.
        targets_added: Targets that were not known before.
        targets_dropped: Targets that were forgotten, as there is no sample of them any more.
        signatures_added: Signatures that were not known before.
        signatures_dropped: Signatures that were forgotten.
        layouts_dropped: Layouts that were forgotten, as no source has had them within the retention.
        damaged: Damaged stretches and files found since the store was opened.
        failures: Cuts, mergings and deletions that failed and will be tried again.
    """

    head_series: int = 0
    head_samples: int = 0
    head_bytes: int = 0
    targets: int = 0
    signatures: int = 0
    layouts: int = 0
    blocks: int = 0
    block_samples: int = 0
    block_bytes: int = 0
    log_bytes: int = 0
    min_time_ms: int = 0
    max_time_ms: int = 0
    appended: int = 0
    repeated: int = 0
    refused: int = 0
    too_old: int = 0
    stale_markers: int = 0
    fsyncs: int = 0
    failed_commits: int = 0
    cuts: int = 0
    merges: int = 0
    targets_added: int = 0
    targets_dropped: int = 0
    signatures_added: int = 0
    signatures_dropped: int = 0
    layouts_dropped: int = 0
    damaged: int = 0
    failures: int = 0
