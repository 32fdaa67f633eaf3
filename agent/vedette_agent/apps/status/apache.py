"""Apache: the page of ``server-status?auto`` as Lusitaniae's apache_exporter has it.

Source: mod_status of Apache 2.2 and 2.4 (its documentation, and pages of real servers); names, labels and types as the
exporter shows them. What the page lacks (all but workers and scoreboard, where ``ExtendedStatus`` is off) is left out.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from vedette_agent.apps.status.errors import StatusPageError, excerpt
from vedette_agent.apps.status.numbers import parse_number
from vedette_agent.collectors.families import COUNTER, GAUGE, Families, Metric, UniqueFamilies
from vedette_shared.labels import EMPTY, Labels, make_labels
from vedette_shared.metrics import MetricFamily

_UP = Metric("apache_up", GAUGE, "Whether the status page of Apache could be read")
_VERSION = Metric("apache_version", GAUGE, "Version of Apache as a number: 2.4.57 is 2.04057")
_INFO = Metric("apache_info", GAUGE, "Version and multi-processing module of Apache; always 1")
_GENERATION = Metric("apache_generation", GAUGE, "How often Apache was told to restart, of configuration and module")
_LOAD = Metric("apache_load", GAUGE, "Load average of the host as Apache tells it")
_ACCESSES = Metric("apache_accesses_total", COUNTER, "Requests that were served; needs ExtendedStatus")
_SENT = Metric("apache_sent_kilobytes_total", COUNTER, "Kibibytes that were sent; needs ExtendedStatus")
_DURATION = Metric("apache_duration_ms_total", COUNTER, "Milliseconds that all requests took together")
_CPU_TIME = Metric("apache_cpu_time_ms_total", COUNTER, "Milliseconds of CPU time of Apache and its ended children")
_CPU_LOAD = Metric("apache_cpuload", GAUGE, "Per cent of one CPU that Apache used on average since it started")
_UPTIME = Metric("apache_uptime_seconds_total", COUNTER, "Seconds since Apache started")
_WORKERS = Metric("apache_workers", GAUGE, "Workers by what they do")
_PROCESSES = Metric("apache_processes", GAUGE, "Processes, and those of them that are stopping")
_CONNECTIONS = Metric("apache_connections", GAUGE, "Connections of the event module by state")
_SCOREBOARD = Metric("apache_scoreboard", GAUGE, "Slots of the scoreboard by state")
_BALANCER_STATUS = Metric("apache_proxy_balancer_status", GAUGE, "Status of a balancer's worker; always 1")
_BALANCER = {
    "Elected": Metric("apache_proxy_balancer_accesses_total", COUNTER, "Requests that a balancer gave a worker"),
    "Busy": Metric("apache_proxy_balancer_busy", GAUGE, "Requests that a balancer's worker is busy with"),
    "Sent": Metric("apache_proxy_balancer_request_kbytes_total", COUNTER, "Kibibytes sent to a balancer's worker"),
    "Rcvd": Metric("apache_proxy_balancer_response_kbytes_total", COUNTER, "Kibibytes that a balancer's worker sent"),
}

_NUMBERS: tuple[tuple[str, Metric, Labels], ...] = (
    ("ParentServerConfigGeneration", _GENERATION, make_labels(type="config")),
    ("ParentServerMPMGeneration", _GENERATION, make_labels(type="mpm")),
    ("Load1", _LOAD, make_labels(interval="1min")),
    ("Load5", _LOAD, make_labels(interval="5min")),
    ("Load15", _LOAD, make_labels(interval="15min")),
    ("Total Accesses", _ACCESSES, EMPTY),
    ("Total kBytes", _SENT, EMPTY),
    ("Total Duration", _DURATION, EMPTY),
    ("Uptime", _UPTIME, EMPTY),
    ("BusyWorkers", _WORKERS, make_labels(state="busy")),
    ("IdleWorkers", _WORKERS, make_labels(state="idle")),
    ("Processes", _PROCESSES, make_labels(state="all")),
    ("Stopping", _PROCESSES, make_labels(state="stopping")),
    ("ConnsTotal", _CONNECTIONS, make_labels(state="total")),
    ("ConnsAsyncWriting", _CONNECTIONS, make_labels(state="writing")),
    ("ConnsAsyncKeepAlive", _CONNECTIONS, make_labels(state="keepalive")),
    ("ConnsAsyncClosing", _CONNECTIONS, make_labels(state="closing")),
)
_STATES = {
    "_": "idle",
    "S": "startup",
    "R": "read",
    "W": "reply",
    "K": "keepalive",
    "D": "dns",
    "C": "closing",
    "L": "logging",
    "G": "graceful_stop",
    "I": "idle_cleanup",
    ".": "open_slot",
}
_CPU_TIMES = ("CPUUser", "CPUChildrenUser", "CPUSystem", "CPUChildrenSystem")
_NEEDED = ("BusyWorkers", "IdleWorkers", "Scoreboard")
_SERVER = re.compile(r"[^/ ]+/([0-9]{1,3})\.([0-9]{1,3})\.([0-9]{1,3})(?![0-9])")
_BALANCER_LINE = re.compile(r"ProxyBalancer\[[0-9]+\](?:Worker\[[0-9]+\])?([A-Za-z]+)")
_UNKNOWN = "UNKNOWN"


def apache_families(body: bytes) -> list[MetricFamily]:
    """Return the families of a page of ``server-status?auto``.

    Raises:
        StatusPageError: it is no such page, or a number in it is none.
    """
    lines = [(key.strip(), value.strip()) for key, _, value in _split(body)]
    told: dict[str, str] = {}
    for key, value in lines:
        told.setdefault(key, value)
    _check(body, told)
    families = UniqueFamilies()
    families.add(_UP, 1.0)
    _add_version(families, told)
    for key, metric, labels in _NUMBERS:
        if key in told:
            families.add(metric, parse_number(told[key], f"server-status: {key}"), labels)
    _add_cpu(families, told)
    _add_scoreboard(families, told["Scoreboard"])
    _add_balancers(families, lines)
    return families.all()


def _split(body: bytes) -> Iterator[tuple[str, str, str]]:
    return (line.partition(":") for line in body.decode(errors="replace").split("\n"))


def _check(body: bytes, told: dict[str, str]) -> None:
    if body.lstrip()[:1] == b"<":
        raise StatusPageError(f"not Apache's server-status?auto but HTML: {excerpt(body)}; ask for ?auto")
    missing = [key for key in _NEEDED if key not in told]
    if missing:
        raise StatusPageError(
            f"not Apache's server-status?auto: no line {' and '.join(missing)}; it begins with {excerpt(body)}"
        )


def _add_version(families: Families, told: dict[str, str]) -> None:
    version = told.get("ServerVersion", "")
    # mod_security and builds of one's own put other names here; ServerTokens does not reach it.
    if match := _SERVER.match(version):
        major, minor, patch = match.groups()
        families.add(_VERSION, float(f"{major}.{minor:0>2}{patch:0>3}"))
    mpm = told.get("ServerMPM", _UNKNOWN)
    families.add(_INFO, 1.0, make_labels(version=version or _UNKNOWN, mpm=mpm))


def _add_cpu(families: Families, told: dict[str, str]) -> None:
    seconds: dict[str, float] = {
        key: parse_number(told[key], f"server-status: {key}") for key in _CPU_TIMES if key in told
    }
    if seconds:
        for kind in ("User", "System"):
            spent = seconds.get(f"CPU{kind}", 0.0) + seconds.get(f"CPUChildren{kind}", 0.0)
            families.add(_CPU_TIME, 1000 * spent, make_labels(type=kind.lower()))
    if "CPULoad" in told:
        families.add(_CPU_LOAD, parse_number(told["CPULoad"], "server-status: CPULoad"))
    elif seconds:
        # Apache leaves the line out until it has used some CPU.
        families.add(_CPU_LOAD, 0.0)


def _add_scoreboard(families: Families, scoreboard: str) -> None:
    counts = Counter(scoreboard)
    for letter, state in _STATES.items():
        families.add(_SCOREBOARD, float(counts.pop(letter, 0)), make_labels(state=state))
    for letter, count in sorted(counts.items()):
        if letter.isascii() and letter.isalpha():
            families.add(_SCOREBOARD, float(count), make_labels(state=letter))


def _add_balancers(families: Families, lines: list[tuple[str, str]]) -> None:
    """Add what is told of mod_proxy_balancer's workers; a line belongs to the names last read above it."""
    balancer = worker = _UNKNOWN
    for key, value in lines:
        match = _BALANCER_LINE.fullmatch(key)
        if match is None:
            continue
        field = match[1]
        labels = make_labels(balancer=balancer, worker=worker)
        if field == "Name" and "Worker" in key:
            worker = value
        elif field == "Name":
            balancer, worker = value, _UNKNOWN
        elif field == "Status":
            families.add(_BALANCER_STATUS, 1.0, make_labels(labels, status=value))
        elif field in _BALANCER:
            families.add(_BALANCER[field], parse_number(value.rstrip("kK"), f"server-status: {key}"), labels)
