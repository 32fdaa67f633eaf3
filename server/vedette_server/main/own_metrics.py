"""The store's own metrics."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

from vedette_server.storage.options import Statistics
from vedette_shared.metrics import MetricFamily, counter, gauge

_COUNTERS = {
    "appended": ("samples_appended_total", "Samples stored."),
    "repeated": ("samples_repeated_total", "Samples that were there already with the same value."),
    "refused": ("samples_refused_total", "Samples that were there already with another value; the first one stands."),
    "too_old": ("samples_too_old_total", "Samples from before the retention."),
    "stale_markers": ("stale_markers_total", "Markers written for series that ended."),
    "fsyncs": ("log_fsyncs_total", "Group commits of the log."),
    "failed_commits": ("log_commits_failed_total", "Group commits that failed; nothing of them was acknowledged."),
    "cuts": ("blocks_cut_total", "Blocks cut from the head."),
    "merges": ("block_merges_total", "Mergings of blocks."),
    "targets_added": ("targets_added_total", "Targets that were not known before."),
    "targets_dropped": ("targets_dropped_total", "Targets forgotten, as there is no sample of them any more."),
    "signatures_added": ("signatures_added_total", "Signatures that were not known before."),
    "signatures_dropped": ("signatures_dropped_total", "Signatures forgotten, as there is no sample of them any more."),
    "layouts_dropped": ("layouts_dropped_total", "Layouts forgotten, as no source has had them within the retention."),
    "damaged": ("damaged_total", "Damaged stretches and files found."),
    "failures": ("maintenance_failures_total", "Cuts, mergings and deletions that failed and are tried again."),
}
_SECONDS = ("min_time_ms", "max_time_ms")


def storage_families(statistics: Statistics) -> Iterator[MetricFamily]:
    """Yield a family for each number of ``statistics``, prefix ``vedette_storage_``; times in seconds."""
    for field in dataclasses.fields(statistics):
        value = getattr(statistics, field.name)
        if field.name in _COUNTERS:
            name, text = _COUNTERS[field.name]
            yield counter(f"vedette_storage_{name}", text, value)
        elif field.name in _SECONDS:
            name = field.name.replace("_time_ms", "_timestamp_seconds")
            yield gauge(f"vedette_storage_{name}", f"Timestamp of the {field.name[:3]}imum sample.", value / 1000)
        elif isinstance(value, int):
            yield gauge(f"vedette_storage_{field.name}", f"{field.name.replace('_', ' ').capitalize()} now.", value)
