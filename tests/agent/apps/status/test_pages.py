"""Status pages of Apache and nginx, as metrics; beside what Debian's exporters make of the same pages."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.agent.apps.status.servers import (
    apache,
    get,
    nginx,
    page_of_apache_exporter,
    page_of_nginx_exporter,
)
from vedette_agent.apps.status.apache import apache_families
from vedette_agent.apps.status.errors import StatusPageError
from vedette_agent.apps.status.nginx import nginx_families
from vedette_shared.exposition import parse_text, write_text
from vedette_shared.labels import Labels
from vedette_shared.metrics import MetricFamily, MetricType

FIXTURES = Path(__file__).parent / "fixtures"
READERS: dict[str, Callable[[bytes], list[MetricFamily]]] = {
    "apache-2.2": apache_families,
    "apache-2.4-balancer": apache_families,
    "apache-2.4-prefork-plain": apache_families,
    "nginx-1.22": nginx_families,
}
APACHE = FIXTURES / "apache-2.4-balancer.txt"

Comparable = dict[str, tuple[MetricType, dict[Labels, float]]]


def comparable(families: list[MetricFamily], prefix: str) -> Comparable:
    """Type and values by name; the help texts are our own."""
    return {
        family.name: (family.type, {sample.labels: sample.value for sample in family.samples})
        for family in families
        if family.name.startswith(prefix) and not family.name.startswith(f"{prefix}exporter_")
    }


@pytest.mark.parametrize("name", READERS)
def test_page(name: str) -> None:
    """Each recorded page makes the metrics beside it; VEDETTE_WRITE_GOLDEN=1 writes them anew."""
    page = write_text(READERS[name]((FIXTURES / f"{name}.txt").read_bytes()))
    golden = FIXTURES / f"{name}.prom"
    if os.environ.get("VEDETTE_WRITE_GOLDEN"):
        golden.write_bytes(page)
    assert golden.read_bytes() == page


@pytest.mark.parametrize("name", ["apache-2.2", "apache-2.4-balancer"])
def test_apache_as_its_exporter(name: str, tmp_path: Path) -> None:
    """Names, types, labels and values are those of prometheus-apache-exporter."""
    body = (FIXTURES / f"{name}.txt").read_bytes()
    exporter = page_of_apache_exporter(body, tmp_path)
    assert comparable(apache_families(body), "apache_") == comparable(parse_text(exporter), "apache_")


def test_apache_without_extended_status(tmp_path: Path) -> None:
    """The exporter tells a load of 0 that Apache did not tell; nothing is told of it here."""
    body = (FIXTURES / "apache-2.4-prefork-plain.txt").read_bytes()
    exporter = comparable(parse_text(page_of_apache_exporter(body, tmp_path)), "apache_")
    assert exporter.pop("apache_cpuload") == (MetricType.GAUGE, {(): 0.0})
    assert comparable(apache_families(body), "apache_") == exporter


def test_nginx_as_its_exporter(tmp_path: Path) -> None:
    """Names, types and values are those of prometheus-nginx-exporter."""
    body = (FIXTURES / "nginx-1.22.txt").read_bytes()
    exporter = page_of_nginx_exporter(body, tmp_path)
    assert comparable(nginx_families(body), "nginx_") == comparable(parse_text(exporter), "nginx_")


def test_real_apache(tmp_path: Path) -> None:
    """What Debian's Apache says is understood as its exporter understands it."""
    with apache(tmp_path) as address:
        for _ in range(5):
            get(address, "/server-status")
        body = get(address, "/server-status?auto")
        html = get(address, "/server-status")
    ours = comparable(apache_families(body), "apache_")
    assert ours["apache_accesses_total"] == (MetricType.COUNTER, {(): 5.0})
    with pytest.raises(StatusPageError, match=r"but HTML: '.*'; ask for \?auto$"):
        apache_families(html)
    assert ours == comparable(parse_text(page_of_apache_exporter(body, tmp_path)), "apache_")


def test_real_nginx(tmp_path: Path) -> None:
    """What Debian's nginx says is understood as its exporter understands it."""
    with nginx(tmp_path) as address:
        for _ in range(5):
            get(address, "/stub_status")
        body = get(address, "/stub_status")
    ours = comparable(nginx_families(body), "nginx_")
    assert ours["nginx_http_requests_total"] == (MetricType.COUNTER, {(): 6.0})
    assert ours == comparable(parse_text(page_of_nginx_exporter(body, tmp_path)), "nginx_")


DEBIAN = b"Apache/2.4.71 (Debian)"
WORKER = b"Worker[1]Name: http://127.0.0.1:1808"
VARIANTS: dict[str, tuple[bytes, bytes, str, dict[Labels, float] | None]] = {
    "a name of its own": (DEBIAN, b"Apache", "apache_version", None),
    "no patch level": (DEBIAN, b"Apache/2.4", "apache_version", None),
    "a developer's version": (DEBIAN, b"Apache/2.4.9-dev", "apache_version", {(): 2.04009}),
    "no CPU used yet": (b"CPULoad: ", b"Else: ", "apache_cpuload", {(): 0.0}),
    "little CPU used": (b"CPULoad: ", b"CPULoad: 1e-05\nElse: ", "apache_cpuload", {(): 1e-05}),
    "ended children count": (
        b"CPUUser: ",
        b"CPUUser: .25\nCPUSystem: .5\nCPUChildrenUser: 1\nCPUChildrenSystem: 2\nElse: ",
        "apache_cpu_time_ms_total",
        {(("type", "user"),): 1250.0, (("type", "system"),): 2500.0},
    ),
    "lines of Windows": (b"\n", b"\r\n", "apache_workers", {(("state", "busy"),): 1.0, (("state", "idle"),): 74.0}),
    "a worker twice": (
        WORKER + b"2",
        WORKER + b"1",
        "apache_proxy_balancer_busy",
        {(("balancer", "balancer://shop"), ("worker", "http://127.0.0.1:18081")): 0.0},
    ),
}


@pytest.mark.parametrize("variant", VARIANTS)
def test_variants_of_apache(variant: str) -> None:
    old, new, name, expected = VARIANTS[variant]
    body = APACHE.read_bytes()
    assert old in body
    found = comparable(apache_families(body.replace(old, new)), name).get(name)
    assert (found[1] if found else None) == expected


def test_scoreboard_of_letters_unknown() -> None:
    """A letter that a later Apache may add is a state of its own; what is none is not counted."""
    body = b"BusyWorkers: 1\nIdleWorkers: 2\nScoreboard: __Z\xff\xff\n"
    states = comparable(apache_families(body), "apache_")["apache_scoreboard"][1]
    counted = {dict(labels)["state"]: value for labels, value in states.items() if value}
    assert counted == {"idle": 2.0, "Z": 1.0}


WORKERS = b"BusyWorkers: 1\nIdleWorkers: 2\n"
NOT_OF_APACHE = [
    (b"", "not Apache's server-status?auto: no line BusyWorkers and IdleWorkers and Scoreboard; it begins with ''"),
    (
        b"IdleWorkers: 1",
        "not Apache's server-status?auto: no line BusyWorkers and Scoreboard; it begins with 'IdleWorkers: 1'",
    ),
    (WORKERS, "not Apache's server-status?auto: no line Scoreboard; it begins with 'BusyWorkers: 1'"),
    (b"\n<!DOCTYPE html>\n<p>", "not Apache's server-status?auto but HTML: '<!DOCTYPE html>'; ask for ?auto"),
    (b"BusyWorkers: nan\nIdleWorkers: 2\nScoreboard: _", "server-status: BusyWorkers: 'nan' is not a number"),
    (b"BusyWorkers: 1_0\nIdleWorkers: 2\nScoreboard: _", "server-status: BusyWorkers: '1_0' is not a number"),
    (
        WORKERS + b"Scoreboard: _\nProxyBalancer[0]Worker[3]Sent: 1M",
        "server-status: ProxyBalancer[0]Worker[3]Sent: '1M' is not a number",
    ),
]


@pytest.mark.parametrize(("body", "error"), NOT_OF_APACHE)
def test_not_of_apache(body: bytes, error: str) -> None:
    with pytest.raises(StatusPageError) as raised:
        apache_families(body)
    assert str(raised.value) == error


HEAD = b"Active connections: 291 \nserver accepts handled requests"
TAIL = b"\nReading: 6 Writing: 179 Waiting: 106 \n"


def test_nginx_with_a_column_more() -> None:
    """Tengine tells the time of requests as well."""
    body = HEAD + b" request_time\n 16630948 16630940 31070465 1882734 " + TAIL
    assert [(sample.name, sample.value) for family in nginx_families(body) for sample in family.samples] == [
        ("nginx_up", 1.0),
        ("nginx_connections_active", 291.0),
        ("nginx_connections_accepted", 16630948.0),
        ("nginx_connections_handled", 16630940.0),
        ("nginx_http_requests_total", 31070465.0),
        ("nginx_connections_reading", 6.0),
        ("nginx_connections_writing", 179.0),
        ("nginx_connections_waiting", 106.0),
    ]


@pytest.mark.parametrize(
    ("body", "begins"),
    [
        (b"", ""),
        (b"<html>", "<html>"),
        (HEAD + b"\n 3 3 4 \nReading: 0", "Active connections: 291 "),
        (HEAD + b"\n 3 -3 4 " + TAIL, "Active connections: 291 "),
        (HEAD + b"\n 3 3 4 " + TAIL + b"more", "Active connections: 291 "),
        (HEAD + b" " * 5000, HEAD.decode().splitlines()[0]),
        (b"\xff" * 200, "�" * 80 + "…"),
    ],
)
def test_not_of_nginx(body: bytes, begins: str) -> None:
    with pytest.raises(StatusPageError) as raised:
        nginx_families(body)
    assert str(raised.value) == f"not a page of nginx's stub_status: it begins with {begins!r}"
