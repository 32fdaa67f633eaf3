"""``[[scrape]]`` as people write it."""

from __future__ import annotations

import msgspec
import pytest

from vedette_server.scrape import ScrapeConfig
from vedette_server.scrape.target import expand
from vedette_shared.config import merge_config
from vedette_shared.errors import ConfigError


class _Config(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    scrape: list[ScrapeConfig] = []


def _load(**values: object) -> ScrapeConfig:
    (job,) = merge_config(
        _Config, [("server.toml", {"scrape": [{"job": "node", "targets": ["a:1"], **values}]})]
    ).scrape
    return job


def test_the_defaults_are_those_of_prometheus() -> None:
    job = _load()
    assert (job.interval, job.effective_timeout, job.path, job.scheme) == (60_000, 10_000, "/metrics", "http")
    assert (job.honor_labels, job.honor_timestamps, job.sample_limit, job.label_limit) == (False, True, 0, 0)


def test_the_default_timeout_is_no_longer_than_the_interval() -> None:
    assert _load(interval="5s").effective_timeout == 5000


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"interval": "1s", "timeout": "2s"}, "timeout must be longer than 0s and no longer than interval"),
        ({"interval": "0s"}, "interval must be longer than 0s"),
        ({"interval": 15}, 'not a duration; write it as a text, like "15s"'),
        ({"scheme": "ftp"}, 'scheme must be "http" or "https"'),
        ({"path": "metrics"}, 'path must begin with "/"'),
        ({"tls": {}}, 'tls needs scheme = "https"'),
        ({"scheme": "https", "tls": {"cert_file": "x"}}, "cert_file and key_file go together"),
        ({"basic_auth": {"username": "u", "password": "p", "password_file": "f"}}, "not both"),
        ({"sample_limit": -1}, "sample_limit must not be negative"),
        ({"labels": {"a-b": "c"}}, "'a-b' cannot be the name of a target's label"),
        ({"honour_labels": True}, "did you mean honor_labels?"),
        (
            {"scrape_protocols": ["PrometheusProto"] * 2},
            "scrape_protocols must name at least one protocol, and none twice",
        ),
        ({"job": ""}, "job must not be empty"),
    ],
)
def test_what_cannot_be_is_refused(values: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        _load(**values)
    assert message in str(caught.value)
    assert str(caught.value).startswith("server.toml: scrape[0]")


def test_targets_have_the_labels_of_their_host() -> None:
    job = ScrapeConfig("node", ("10.0.0.7:9100", "db1:9100", "127.0.0.1:9100", "[::1]:9100", "web"), {"rack": "r1"})
    assert [dict(target.labels) for target in expand([job], "here")] == [
        {"host": host, "instance": instance, "job": "node", "rack": "r1"}
        for host, instance in [
            ("10.0.0.7", "10.0.0.7:9100"),
            ("db1", "db1:9100"),
            ("here", "127.0.0.1:9100"),
            ("here", "[::1]:9100"),
            ("web", "web"),
        ]
    ]


def test_labels_of_the_configuration_win() -> None:
    job = ScrapeConfig("node", ("10.0.0.7:9100",), {"host": "x", "instance": "y", "job": "z"})
    (target,) = expand([job])
    assert target.labels == (("host", "x"), ("instance", "y"), ("job", "z"))


def test_what_was_known_of_a_target_before_its_labels() -> None:
    (target,) = expand([ScrapeConfig("snmp", ("a:9116", "a:9116"), {"rack": "r"}, params={"module": ("if_mib",)})])
    assert target.discovered_labels == {
        "__address__": "a:9116",
        "__metrics_path__": "/metrics",
        "__param_module": "if_mib",
        "__scheme__": "http",
        "__scrape_interval__": "1m",
        "__scrape_timeout__": "10s",
        "job": "snmp",
        "rack": "r",
    }
    assert target.endpoint.url == "http://a:9116/metrics?module=if_mib"


def test_starts_are_spread_over_the_interval() -> None:
    targets = expand([ScrapeConfig("node", tuple(f"10.0.0.{number}:9100" for number in range(200)))])
    assert {target.offset_ms * 10 // 60_000 for target in targets} == set(range(10))
    assert [target.offset_ms for target in targets] == [
        target.offset_ms for target in expand([ScrapeConfig("node", tuple(target.address for target in targets))])
    ]


@pytest.mark.parametrize(
    ("jobs", "message"),
    [
        ([ScrapeConfig("a", ("b:1",)), ScrapeConfig("a", ("b:2",))], "there are two scrape jobs named a"),
        ([ScrapeConfig("a", ("b:1", "b:2"), {"instance": "x"})], "the targets b:2 and b:1 have the same labels"),
        ([ScrapeConfig("a", ("b/c:1",))], "'b/c:1' is not a target"),
        ([ScrapeConfig("a", ("b:99999",))], "'b:99999' is not a target"),
        ([ScrapeConfig("a", ("u@b:1",))], "'u@b:1' is not a target"),
        ([ScrapeConfig("a", ("b:1\r\nX: y",))], "is not a target"),
        ([ScrapeConfig("a", ("",))], "'' is not a target"),
    ],
)
def test_jobs_that_cannot_be_together_are_refused(jobs: list[ScrapeConfig], message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        expand(jobs)
    assert message in str(caught.value)
