"""PHP-FPM: the status page of a pool as hipages' php-fpm_exporter has it.

Source: the documentation of PHP-FPM's status page, and pages of real pools; names, labels and types as the exporter
shows them. ``child`` is a process's place in the list, which the pool's ``pm.max_children`` bounds, not its pid.
"""

from __future__ import annotations

import json
import re

from vedette_agent.apps.status.errors import StatusPageError, excerpt
from vedette_agent.collectors.families import COUNTER, GAUGE, Families, Metric
from vedette_agent.documents import Document, at, table, text
from vedette_shared.labels import Labels, make_labels
from vedette_shared.metrics import MetricFamily

QUERY = "json&full"
"""What is to be asked of the page: JSON, and the processes."""

_UP = Metric("phpfpm_up", GAUGE, "Whether the status page of the pool could be read")
_OF_POOL = (
    ("start since", Metric("phpfpm_start_since", COUNTER, "Seconds since the pool started")),
    ("accepted conn", Metric("phpfpm_accepted_connections", COUNTER, "Requests that the pool accepted")),
    ("listen queue", Metric("phpfpm_listen_queue", GAUGE, "Connections that wait to be accepted")),
    ("max listen queue", Metric("phpfpm_max_listen_queue", COUNTER, "Most connections that ever waited at once")),
    ("listen queue len", Metric("phpfpm_listen_queue_length", GAUGE, "How many connections may wait")),
    ("idle processes", Metric("phpfpm_idle_processes", GAUGE, "Processes that wait for a request")),
    ("active processes", Metric("phpfpm_active_processes", GAUGE, "Processes that serve a request")),
    ("total processes", Metric("phpfpm_total_processes", GAUGE, "Processes, idle and active")),
    ("max active processes", Metric("phpfpm_max_active_processes", COUNTER, "Most processes ever active at once")),
    (
        "max children reached",
        Metric("phpfpm_max_children_reached", COUNTER, "How often pm.max_children was in the way"),
    ),
    ("slow requests", Metric("phpfpm_slow_requests", COUNTER, "Requests slower than request_slowlog_timeout")),
)
_OF_CHILD = (
    ("requests", Metric("phpfpm_process_requests", COUNTER, "Requests that the process served")),
    ("last request memory", Metric("phpfpm_process_last_request_memory", GAUGE, "Most bytes its last request took")),
    ("last request cpu", Metric("phpfpm_process_last_request_cpu", GAUGE, "Per cent of a CPU its last request took")),
    ("request duration", Metric("phpfpm_process_request_duration", GAUGE, "Microseconds that its request took so far")),
)
_STATE = Metric("phpfpm_process_state", GAUGE, "1 for the state that the process is in")
_STATES = ("Idle", "Running", "Reading headers", "Getting request informations", "Finishing", "Ending")
_NEEDED = ("accepted conn", "idle processes", "active processes")
_LARGEST = 1 << 63
# Processes tell the addresses that clients ask for; before 7.4.22 and 8.0.9 PHP-FPM did not escape them.
_PROCESSES = re.compile(r',\s*"processes"\s*:')


def status_params(path: str) -> dict[str, str]:
    """Return the parameters of a FastCGI request for the status page at ``path``, the pool's ``pm.status_path``."""
    return {
        "GATEWAY_INTERFACE": "CGI/1.1",
        "REQUEST_METHOD": "GET",
        "SCRIPT_NAME": path,
        "SCRIPT_FILENAME": path,
        "REQUEST_URI": path,
        "QUERY_STRING": QUERY,
        "SERVER_PROTOCOL": "HTTP/1.1",
        "SERVER_SOFTWARE": "vedette",
        "REMOTE_ADDR": "127.0.0.1",
    }


def phpfpm_families(body: bytes, pool_url: str) -> list[MetricFamily]:
    """Return the families of a pool's status page, asked for as ``QUERY`` has it; without ``full`` no processes.

    ``pool_url`` is the label ``scrape_uri``.

    Raises:
        StatusPageError: it is no such page.
    """
    document = _decode(body)
    pool = text(document, "pool")
    missing = [name for name in _NEEDED if _number(at(document, name)) is None]
    if not pool or missing:
        raise StatusPageError(
            f"not a status page of PHP-FPM: it lacks {', '.join(missing) or 'pool'}; it begins with {excerpt(body)}"
        )
    labels = make_labels(pool=pool, scrape_uri=pool_url)
    families = Families()
    families.add(_UP, 1.0, labels)
    _add_numbers(families, document, _OF_POOL, labels)
    for place, process in enumerate(table(document, "processes")):
        of_child = make_labels(labels, child=str(place))
        _add_numbers(families, process, _OF_CHILD, of_child)
        state = text(process, "state")
        for name in _STATES:
            families.add(_STATE, float(state == name), make_labels(of_child, state=name))
    return families.all()


def _decode(body: bytes) -> Document:
    """Return the page's object, without the processes where what clients wrote in them is not JSON."""
    page = body.decode(errors="replace")
    document = _parse(page)
    if document is None and (processes := _PROCESSES.search(page)):
        document = _parse(page[: processes.start()] + "}")
    if document is None:
        raise StatusPageError(f"not a status page of PHP-FPM in JSON: it begins with {excerpt(body)}; ask for ?{QUERY}")
    return document


def _parse(page: str) -> Document | None:
    try:
        document = json.loads(page, object_pairs_hook=_first_of_each)
    except (ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) else None


def _first_of_each(pairs: list[tuple[str, object]]) -> Document:
    """A name that stands twice was put there by a client, after PHP-FPM's own."""
    return dict(reversed(pairs))


def _add_numbers(families: Families, told: Document, metrics: tuple[tuple[str, Metric], ...], labels: Labels) -> None:
    for name, metric in metrics:
        value = _number(told.get(name))
        if value is not None:
            families.add(metric, value, labels)


def _number(value: object) -> float | None:
    """PHP-FPM once told durations below 0 as numbers of nearly 2**64: a bug of its own, and none is better."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not -_LARGEST <= value < _LARGEST:
        return None
    return float(value)
