"""Pages of applications: what they are recognised as, the job they get and all of their series.

``fixtures/README.md`` says where the pages are from; the series beside them are what Prometheus stored of each.
"""

from __future__ import annotations

from array import array
from pathlib import Path

import pytest

from tests.agent.apps.servers import pages
from tests.shared.exposition.protobuf_pages import encode_page
from vedette_agent.apps.config import TargetConfig
from vedette_agent.apps.fetch import make_fetcher
from vedette_agent.apps.known import recognise
from vedette_agent.apps.page import read_page
from vedette_agent.apps.source import AppSource
from vedette_agent.sources.framing import Framing, NewFrame, source_target
from vedette_agent.sources.interface import Collection
from vedette_shared.exposition import format_value, parse_text, write_openmetrics
from vedette_shared.frames import decode_target
from vedette_shared.http import Response
from vedette_shared.labels import METRIC_NAME, format_series, with_labels

FIXTURES = Path(__file__).parent / "fixtures"
TEXT = "text/plain; version=0.0.4"
NOW = 1_700_000_000_500
SCRAPE_SERIES = ("up ", "scrape_duration_seconds ", "scrape_samples_scraped ")


@pytest.mark.parametrize(
    ("page", "job", "evidence"),
    [
        ("ceph-mgr-17.2", "ceph", "ceph_health_status"),
        ("docker-24.0", "docker", "engine_daemon_engine_info"),
        ("elasticsearch-exporter-1.5", "elasticsearch", "elasticsearch_cluster_health_active_primary_shards"),
        ("github-exporter-1.x", "github", "github_repo_forks"),
        ("haproxy-2.6", "haproxy", "haproxy_process_build_info"),
        ("haproxy-exporter-0.14", "haproxy", "haproxy_up"),
        ("kubelet-1.26", "kubelet", "kubelet_node_name"),
        ("traefik-2.4", "traefik", "traefik_config_reloads_total"),
    ],
)
async def test_a_page_its_application_and_its_series(page: str, job: str, evidence: str) -> None:
    body = (FIXTURES / f"{page}.prom").read_bytes()
    known = recognise(sample.name for family in read_page(body, TEXT).families for sample in family.samples)
    assert known is not None
    assert (known[0].job, known[1]) == (job, evidence)
    assert await series_of(job, body) == (FIXTURES / f"{page}.series").read_text(encoding="utf-8").splitlines()


async def test_the_containers_of_a_kubelet_are_scraped_when_they_are_named() -> None:
    """Any cAdvisor has such a page, so it is not evidence of a kubelet. Samples keep the times of their containers."""
    body = (FIXTURES / "kubelet-cadvisor-1.26.prom").read_bytes()
    assert recognise(sample.name for family in parse_text(body) for sample in family.samples) is None
    expected = (FIXTURES / "kubelet-cadvisor-1.26.series").read_text(encoding="utf-8").splitlines()
    assert await series_of("cadvisor", body, honor_timestamps=False) == expected
    times = [line.rpartition(" ")[2] for line in body.decode().splitlines() if line.startswith("container_")]
    frames = await frames_of("cadvisor", body)
    assert {frame.timestamp: len(frame.layout) for frame in frames} == {
        1_699_999_992_719: times.count("1699999992719"),
        1_699_999_998_344: times.count("1699999998344"),
        1_700_000_000_123: times.count("1700000000123"),
        NOW: len(expected) - sum(len(time) == 13 for time in times) + len(SCRAPE_SERIES),
    }
    assert sorted(line for frame in frames for line in lines_of(frame)) == expected


async def series_of(job: str, body: bytes, *, honor_timestamps: bool = True) -> list[str]:
    """The series that are stored of a page with their values, without the labels of their target."""
    (frame,) = await frames_of(job, body, honor_timestamps=honor_timestamps)
    return lines_of(frame)


async def frames_of(job: str, body: bytes, *, honor_timestamps: bool = True) -> list[NewFrame]:
    async with pages({"/metrics": Response(200, body, TEXT)}) as port:
        target = TargetConfig(f"http://127.0.0.1:{port}/metrics", job, honor_timestamps=honor_timestamps)
        fetcher = make_fetcher(target, 1 << 20)
        source = AppSource(target, fetcher, interval_ms=15_000, timeout=1.0, host="h", labels={})
        families = await source.collect()
    framing = Framing(source.name, source_target(source, "h", ()), reports_up=True)
    frames = framing.frames_of(Collection(NOW, 0.5, families))
    expected = {"job": job, "instance": f"127.0.0.1:{port}", "host": "h"}
    assert [dict(decode_target(frame.target)) for frame in frames] == [expected] * len(frames)
    return frames


def lines_of(frame: NewFrame) -> list[str]:
    lines = [
        f"{format_series(with_labels(series.labels, **{METRIC_NAME: series.name}))} {format_value(value)}"
        for series, value in zip(frame.layout.series, array("d", frame.values), strict=True)
    ]
    return sorted(line for line in lines if not line.startswith(SCRAPE_SERIES))


@pytest.mark.parametrize(
    "page",
    [
        pytest.param("", id="a standby manager of Ceph says nothing"),
        pytest.param("# HELP ceph_health_status x\n# TYPE ceph_health_status untyped\n", id="metadata alone"),
        pytest.param('es_cluster_status{cluster="logs"} 0\n', id="Elasticsearch's plugin for Prometheus"),
        pytest.param('opensearch_cluster_status{cluster="logs"} 0\n', id="OpenSearch"),
        pytest.param('elasticsearch_requests_total{code="200"} 3\n', id="a client of Elasticsearch"),
        pytest.param('cadvisor_version_info{cadvisorVersion="v0.47"} 1\ncontainer_last_seen 1\n', id="cAdvisor"),
        pytest.param(
            'rest_client_requests_total{code="200"} 1\nkubeproxy_sync_proxy_rules_iptables_total 1\n', id="kube-proxy"
        ),
        pytest.param('kube_pod_info{node="worker1"} 1\nkube_node_info{node="worker1"} 1\n', id="kube-state-metrics"),
        pytest.param("haproxy_processes 1\nhaproxy_uptime 2\n", id="names that begin alike"),
        pytest.param('github_runner_busy{runner="a"} 1\n', id="an exporter of GitHub's runners"),
        pytest.param("dockerd_up 1\nengine_rpm 900\n", id="another engine"),
        pytest.param("traefik_plugin_requests_total 1\n", id="a plugin of Traefik"),
        pytest.param('node_exporter_build_info{version="1.6"} 1\nmysql_up 1\n', id="a text file of node_exporter"),
        pytest.param(
            'pushgateway_build_info{version="1.6"} 1\nceph_health_status 0\n', id="what was pushed to a Pushgateway"
        ),
        pytest.param("prometheus_tsdb_head_series 1\nhaproxy_up 1\n", id="a Prometheus"),
        pytest.param("vedette_agent_collections_total 1\nkubelet_running_pods 3\n", id="an agent's own page"),
    ],
)
def test_a_page_that_resembles_one_is_none(page: str) -> None:
    assert recognise(sample.name for family in parse_text(page.encode()) for sample in family.samples) is None


@pytest.mark.parametrize("page", sorted(path.stem for path in FIXTURES.glob("*.prom")))
def test_a_page_says_the_same_as_openmetrics_and_as_protobuf(page: str) -> None:
    families = parse_text((FIXTURES / f"{page}.prom").read_bytes())
    openmetrics = read_page(write_openmetrics(families), "application/openmetrics-text; version=1.0.0").families
    content_type = "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited"
    protobuf = read_page(encode_page(families), content_type).families
    samples = {repr(sample) for family in families for sample in family.samples}
    assert {repr(sample) for family in openmetrics for sample in family.samples} == samples
    assert {repr(sample) for family in protobuf for sample in family.samples} == samples
    assert repr(protobuf) == repr(families)
