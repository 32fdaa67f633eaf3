"""What bcache tells in files, and in lines of files."""

from __future__ import annotations

from vedette_agent.collectors.attributes import Attribute
from vedette_agent.collectors.families import COUNTER, GAUGE, Metric
from vedette_shared.metrics import MetricType

_NANOSECONDS = 1e9


def _attribute(source: str, name: str, kind: MetricType, text: str, divisor: float = 1.0) -> Attribute:
    return Attribute(source, Metric(f"node_bcache_{name}", kind, text), divisor=divisor)


OF_SET = (
    _attribute("average_key_size", "average_key_size_sectors", GAUGE, "Average data per key in the btree (sectors)."),
    _attribute(
        "btree_cache_size",
        "btree_cache_size_bytes",
        GAUGE,
        "Amount of memory currently used by the btree cache.",
    ),
    _attribute(
        "cache_available_percent",
        "cache_available_percent",
        GAUGE,
        "Percentage of cache device without dirty data, usable for writeback (may contain clean cached data).",
    ),
    _attribute("congested", "congested", GAUGE, "Congestion."),
    _attribute(
        "root_usage_percent",
        "root_usage_percent",
        GAUGE,
        "Percentage of the root btree node in use (tree depth increases if too high).",
    ),
    _attribute("tree_depth", "tree_depth", GAUGE, "Depth of the btree."),
    _attribute(
        "internal/active_journal_entries",
        "active_journal_entries",
        GAUGE,
        "Number of journal entries that are newer than the index.",
    ),
    _attribute("internal/btree_nodes", "btree_nodes", GAUGE, "Total nodes in the btree."),
    _attribute(
        "internal/btree_read_average_duration_us",
        "btree_read_average_duration_seconds",
        GAUGE,
        "Average btree read duration.",
        _NANOSECONDS,
    ),
    _attribute(
        "internal/cache_read_races",
        "cache_read_races_total",
        COUNTER,
        "Counts instances where while data was being read from the cache, the bucket was reused and invalidated - i.e. "
        "where the pointer was stale after the read completed.",
    ),
)
OF_BACKING_DEVICE = (
    _attribute(
        "dirty_data",
        "dirty_data_bytes",
        GAUGE,
        "Amount of dirty data for this backing device in the cache.",
    ),
    _attribute(
        "stats_total/bypassed",
        "bypassed_bytes_total",
        COUNTER,
        "Amount of IO (both reads and writes) that has bypassed the cache.",
    ),
    _attribute(
        "stats_total/cache_hits",
        "cache_hits_total",
        COUNTER,
        "Hits counted per individual IO as bcache sees them.",
    ),
    _attribute(
        "stats_total/cache_misses",
        "cache_misses_total",
        COUNTER,
        "Misses counted per individual IO as bcache sees them.",
    ),
    _attribute(
        "stats_total/cache_bypass_hits",
        "cache_bypass_hits_total",
        COUNTER,
        "Hits for IO intended to skip the cache.",
    ),
    _attribute(
        "stats_total/cache_bypass_misses",
        "cache_bypass_misses_total",
        COUNTER,
        "Misses for IO intended to skip the cache.",
    ),
    _attribute(
        "stats_total/cache_miss_collisions",
        "cache_miss_collisions_total",
        COUNTER,
        "Instances where data insertion from cache miss raced with write (data already present).",
    ),
    # Kernels since 5.11 have it no more.
    _attribute(
        "stats_total/cache_readaheads",
        "cache_readaheads_total",
        COUNTER,
        "Count of times readahead occurred.",
    ),
)
WRITEBACK = (
    _attribute("rate", "writeback_rate", GAUGE, "Current writeback rate for this backing device in bytes."),
    _attribute(
        "target",
        "dirty_target_bytes",
        GAUGE,
        "Current dirty data target threshold for this backing device in bytes.",
    ),
    _attribute(
        "proportional",
        "writeback_rate_proportional_term",
        GAUGE,
        "Current result of proportional controller, part of writeback rate",
    ),
    _attribute(
        "integral",
        "writeback_rate_integral_term",
        GAUGE,
        "Current result of integral controller, part of writeback rate",
    ),
    _attribute("change", "writeback_change", GAUGE, "Last writeback rate change step for this backing device."),
)
OF_CACHE_DEVICE = (
    _attribute("io_errors", "io_errors", GAUGE, "Number of errors that have occurred, decayed by io_error_halflife."),
    _attribute(
        "metadata_written",
        "metadata_written_bytes_total",
        COUNTER,
        "Sum of all non data writes (btree writes and all other metadata).",
    ),
    _attribute("written", "written_bytes_total", COUNTER, "Sum of all data that has been written to the cache."),
)
PRIORITY_STATS = (
    _attribute(
        "Unused",
        "priority_stats_unused_percent",
        GAUGE,
        "The percentage of the cache that doesn't contain any data.",
    ),
    _attribute("Metadata", "priority_stats_metadata_percent", GAUGE, "Bcache's metadata overhead."),
)
