"""Beside Debian's prometheus-node-exporter on the same host: the same families, and values within a scrape's drift."""

from __future__ import annotations

import http.client
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from vedette_agent.collectors.interface import Collector
from vedette_agent.collectors.options import NodeOptions
from vedette_agent.collectors.registry import make_collectors
from vedette_agent.errors import NoDataError
from vedette_shared.config import merge_config
from vedette_shared.exposition import parse_text
from vedette_shared.labels import Labels
from vedette_shared.metrics import MetricFamily

EXPORTER = "prometheus-node-exporter"
BY_SWITCH = ("ethtool", "interrupts", "mountstats", "processes", "tcpstat")

ITS_OWN = ("go_", "process_", "promhttp_", "node_exporter_build_info", "node_scrape_collector_")
"""What node_exporter tells of itself; the agent's runtime tells the last of these."""

NEWER_FAMILIES = frozenset(
    {
        "node_arp_states",
        "node_btrfs_commits_total",
        "node_btrfs_commit_seconds_total",
        "node_btrfs_last_commit_seconds",
        "node_btrfs_max_commit_seconds",
        "node_cpu_online",
        "node_filesystem_mount_info",
        "node_kernel_hung_tasks_total",
        "node_netstat_TcpExt_TCPOFOQueue",
        "node_netstat_TcpExt_TCPRcvQDrop",
        "node_pressure_irq_stalled_seconds_total",
        "node_softnet_backlog_len",
        "node_softnet_cpu_collision_total",
        "node_softnet_flow_limit_count_total",
        "node_softnet_received_rps_total",
        "node_timex_offset_overflow_total",
        "node_watchdog_info",
    }
)
"""Of node_exporter 1.12, but not of Debian's 1.5."""

NEWER_COLLECTORS = frozenset({"bcachefs", "dmmultipath", "identity", "kernel_hung", "watchdog"})
"""Of 1.12, or Vedette's own."""

NEWER_LABELS: Mapping[str, frozenset[str]] = {
    "node_disk_info": frozenset({"rotational"}),
    "node_network_info": frozenset({"adminstate"}),
}
"""Labels that 1.12 adds to a family of 1.5."""

OWN_FAMILIES = ("node_identity_",)
"""Vedette's own."""

MOVED_BY_THE_SCRAPE = ("node_tcp_connection_states", (("state", "tx_queued_bytes"),))
"""The exporter finds its own answer in the queue."""

DRIFT = 0.02
"""How far a gauge may be from both of our values around it, of the larger one; or by ``DRIFT_COUNT``."""
DRIFT_COUNT = 5
ROUNDS = 25
"""A family passes as soon as one round passes; memory and processes of a busy host need a quiet moment."""

Series = dict[tuple[str, Labels], float]


@pytest.fixture
def options(tmp_path: Path) -> NodeOptions:
    (tmp_path / "own.prom").write_text('own_metric{place="here"} 3\n')
    tables = {"textfile": {"directories": [str(tmp_path)]}, "collectors": {"enable": list(BY_SWITCH)}}
    return merge_config(NodeOptions, [("", tables)])


@pytest.fixture
def exporter(options: NodeOptions) -> Iterator[int]:
    """Run the exporter on a free port, with the patterns of 1.12 in place of those of 1.5 and Debian."""
    if shutil.which(EXPORTER) is None:
        pytest.skip(f"{EXPORTER} is not installed; tests/run installs it where it may")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    flags = [
        f"--web.listen-address=127.0.0.1:{port}",
        "--no-collector.systemd",  # which Debian turns on
        "--collector.netdev.device-exclude=",
        f"--collector.diskstats.device-exclude={options.diskstats.device_exclude}",
        f"--collector.filesystem.mount-points-exclude={options.filesystem.mount_points_exclude}",
        f"--collector.filesystem.fs-types-exclude={options.filesystem.fs_types_exclude}",
        f"--collector.textfile.directory={options.textfile.directories[0]}",
        *(f"--collector.{name}" for name in BY_SWITCH),
    ]
    process = subprocess.Popen([EXPORTER, *flags], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield port
    finally:
        process.terminate()
        process.wait()


@pytest.fixture
def _busy() -> Iterator[None]:
    """Keep a process running: on a quiet host the looker alone may be, or not even he is seen so."""
    process = subprocess.Popen(["nice", "sh", "-c", "while :; do :; done"])
    try:
        yield
    finally:
        process.kill()
        process.wait()


def connect(port: int) -> http.client.HTTPConnection:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    deadline = time.monotonic() + 10
    while True:
        try:
            connection.connect()
        except ConnectionRefusedError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.02)
        else:
            return connection


def scrape(connection: http.client.HTTPConnection) -> dict[str, MetricFamily]:
    connection.request("GET", "/metrics")
    return {family.name: family for family in parse_text(connection.getresponse().read())}


def collect(collectors: list[Collector]) -> dict[str, MetricFamily]:
    families: dict[str, MetricFamily] = {}
    for collector in collectors:
        try:
            families |= {family.name: family for family in collector.collect()}
        except NoDataError:
            continue
    return families


def series(family: MetricFamily) -> Series:
    newer = NEWER_LABELS.get(family.name, frozenset())
    return {
        (sample.name, tuple(pair for pair in sample.labels if pair[1] and pair[0] not in newer)): sample.value
        for sample in family.samples
    }


def differs(before: Series, theirs: Series, after: Series) -> str:
    """Return what differs, if the value in between is not between ours, or near to them."""
    if before.keys() != theirs.keys() or after.keys() != theirs.keys():
        return f"other series: {sorted((before.keys() | after.keys()) ^ theirs.keys())[:3]}"
    for key, value in theirs.items():
        low, high = sorted((before[key], after[key]))
        drift = max(DRIFT * max(abs(low), abs(high)), DRIFT_COUNT) if low != high else DRIFT_COUNT
        if key != MOVED_BY_THE_SCRAPE and not low - drift <= value <= high + drift:
            return f"{key}: {value} is not near {low} to {high}"
    return ""


@pytest.mark.usefixtures("_busy")
def test_families_and_values(options: NodeOptions, exporter: int) -> None:
    collectors = make_collectors(options)
    # The connection stands before we look, so that both sides see the same sockets.
    connection = connect(exporter)
    scrape(connection)
    failures: dict[str, str] = {"": "not looked at"}
    for _ in range(ROUNDS):
        before, page, after = collect(collectors), scrape(connection), collect(collectors)
        theirs = {name: family for name, family in page.items() if not name.startswith(ITS_OWN)}
        names = {name for name in after if not name.startswith(OWN_FAMILIES)} - (NEWER_FAMILIES - theirs.keys())
        assert theirs.keys() == names
        assert {n: (f.type, f.help) for n, f in theirs.items()} == {n: (after[n].type, after[n].help) for n in names}
        found = {
            name: difference
            for name, family in theirs.items()
            if (difference := differs(series(before.get(name, after[name])), series(family), series(after[name])))
        }
        failures = {name: found[name] for name in (failures.keys() & found.keys() if "" not in failures else found)}
        if not failures:
            break
        time.sleep(0.05)
    connection.close()
    assert failures == {}


def test_collectors_succeed_or_not_alike(options: NodeOptions, exporter: int) -> None:
    """A collector without data fails in node_exporter's eyes, where rules may watch for it."""
    connection = connect(exporter)
    success = scrape(connection)["node_scrape_collector_success"]
    connection.close()
    theirs = {dict(sample.labels)["collector"]: bool(sample.value) for sample in success.samples}
    ours: dict[str, bool] = {}
    for collector in make_collectors(options):
        try:
            collector.collect()
        except NoDataError:
            ours[collector.name] = False
        else:
            ours[collector.name] = True
    assert ours.keys() - theirs.keys() == NEWER_COLLECTORS
    assert {name: ours[name] for name in theirs} == theirs
