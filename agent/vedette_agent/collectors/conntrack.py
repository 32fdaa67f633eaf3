"""Connection tracking: ``/proc/sys/net/netfilter`` and ``/proc/net/stat/nf_conntrack``."""

from __future__ import annotations

from vedette_agent.collectors.families import GAUGE, Families, Metric
from vedette_agent.collectors.options import NodeOptions
from vedette_agent.collectors.reading import read_if_present, read_number
from vedette_agent.errors import NoDataError
from vedette_shared.metrics import MetricFamily

_ENTRIES = Metric(
    "node_nf_conntrack_entries", GAUGE, "Number of currently allocated flow entries for connection tracking."
)
_LIMIT = Metric("node_nf_conntrack_entries_limit", GAUGE, "Maximum size of connection tracking table.")
_STATISTICS = {
    column: Metric(f"node_nf_conntrack_stat_{column}", GAUGE, text)
    for column, text in {
        "found": "Number of searched entries which were successful.",
        "invalid": "Number of packets seen which can not be tracked.",
        "ignore": "Number of packets seen which are already connected to a conntrack entry.",
        "insert": "Number of entries inserted into the list.",
        "insert_failed": "Number of entries for which list insertion was attempted but failed.",
        "drop": "Number of packets dropped due to conntrack failure.",
        "early_drop": "Number of dropped conntrack entries to make room for new ones, "
        "if maximum table size was reached.",
        "search_restart": "Number of conntrack table lookups which had to be restarted due to hashtable resizes.",
    }.items()
}


def parse_conntrack(text: str) -> dict[str, int]:
    """Return the sums over all processors of the columns of ``/proc/net/stat/nf_conntrack``.

    Raises:
        ValueError: a field is not a hexadecimal number.
    """
    header, *rows = text.splitlines()
    columns = zip(*(row.split() for row in rows), strict=False)
    return {
        name: sum(int(field, 16) for field in column) for name, column in zip(header.split(), columns, strict=False)
    }


class ConntrackCollector:
    """Entries, their limit, and counts of what befell them."""

    name = "conntrack"

    def __init__(self, options: NodeOptions) -> None:
        self._count = options.proc("sys/net/netfilter/nf_conntrack_count")
        self._limit = options.proc("sys/net/netfilter/nf_conntrack_max")
        self._statistics = options.proc("net/stat/nf_conntrack")

    def collect(self) -> list[MetricFamily]:
        count, limit = read_number(self._count), read_number(self._limit)
        if count is None or limit is None:
            raise NoDataError("connection tracking is not in use")
        families = Families()
        families.add(_ENTRIES, float(count))
        families.add(_LIMIT, float(limit))
        content = read_if_present(self._statistics)
        sums = {} if content is None else parse_conntrack(content.decode())
        for column, metric in _STATISTICS.items():
            if column in sums:
                families.add(metric, float(sums[column]))
        return families.all()
