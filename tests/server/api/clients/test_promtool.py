"""Prometheus' own tool, as people use it at a prompt."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.server.api.clients.conftest import Served

RULES = """\
groups:
- name: g
  rules:
  - record: job:requests:sum
    expr: sum(requests_total) - scalar(sum(requests_total offset 1m))
"""
A, B = 'requests_total{host="a", job="web"}', 'requests_total{host="b", job="web"}'


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(arguments, capture_output=True, text=True, timeout=60, check=False)


def lines(*arguments: str) -> list[str]:
    """What a successful call prints."""
    done = run(*arguments)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.splitlines()


def test_instant(server: Served, promtool: str) -> None:
    at = f"--time={server.base}"
    assert lines(promtool, "query", "instant", at, server.url, "requests_total") == [
        f"{A} => 3600 @[{server.base}]",
        f"{B} => 7200 @[{server.base}]",
    ]
    assert lines(
        promtool, "query", "instant", at, server.url, "round(sum by (job) (rate(requests_total[5m])), 0.001)"
    ) == [f'{{job="web"}} => 3 @[{server.base}]']
    assert lines(promtool, "query", "instant", at, server.url, "1+1") == [f"scalar: 2 @[{server.base}]"]
    assert lines(promtool, "query", "instant", at, server.url, 'steady{host="a"}[31s]') == [
        'steady{host="a"} =>',
        f"42 @[{server.base - 30}]",
        f"42 @[{server.base - 15}]",
        f"42 @[{server.base}]",
    ]


def test_instant_of_now(server: Served, promtool: str) -> None:
    (line,) = lines(promtool, "query", "instant", server.url, "steady")
    assert line.startswith('steady{host="a"} => 42 @[')


def test_range(server: Served, promtool: str) -> None:
    bounds = [f"--start={server.base - 60}", f"--end={server.base}", "--step=30s"]
    assert lines(promtool, "query", "range", *bounds, server.url, 'requests_total{host="b"}') == [
        f"{B} =>",
        f"7080 @[{server.base - 60}]",
        f"7140 @[{server.base - 30}]",
        f"7200 @[{server.base}]",
    ]


def test_series(server: Served, promtool: str) -> None:
    bounds = [f"--start={server.base - 60}", f"--end={server.base}"]
    assert lines(promtool, "query", "series", "--match=requests_total", "--match=steady", *bounds, server.url) == [
        '{__name__="requests_total", host="a", job="web"}',
        '{__name__="requests_total", host="b", job="web"}',
        '{__name__="steady", host="a"}',
    ]
    assert len(lines(promtool, "query", "series", '--match={host="a"}', server.url)) == 2


def test_labels(server: Served, promtool: str) -> None:
    assert lines(promtool, "query", "labels", server.url, "host") == ["a", "b"]
    assert lines(promtool, "query", "labels", "--match=steady", server.url, "host") == ["a"]
    assert lines(promtool, "query", "labels", server.url, "nothing") == []


@pytest.mark.parametrize(
    ("expression", "error"),
    [
        ("sum(", 'bad_data: invalid parameter "query": 1:5: parse error: unexpected end of input'),
        (
            "requests_total / on () steady",
            "execution: multiple matches for labels: many-to-one matching must be explicit (group_left/group_right)",
        ),
    ],
)
def test_errors(expression: str, error: str, server: Served, promtool: str) -> None:
    done = run(promtool, "query", "instant", server.url, expression)
    assert done.returncode == 1
    assert error in done.stderr


def test_rules_are_evaluated_over_the_past(server: Served, promtool: str, tmp_path: Path) -> None:
    """What a recording rule would have written is filled in from range queries."""
    rules = tmp_path / "rules.yml"
    rules.write_text(RULES)
    bounds = [f"--start={server.base - 1800}", f"--end={server.base - 600}"]
    blocks = tmp_path / "blocks"
    arguments = [f"--url={server.url}", f"--output-dir={blocks}", *bounds, str(rules)]
    run(promtool, "tsdb", "create-blocks-from", "rules", *arguments).check_returncode()
    (blocks / "wal").mkdir()  # promtool expects one
    dumped = lines(promtool, "tsdb", "dump", str(blocks))
    assert len(dumped) == 20
    assert {line.rpartition(" ")[0] for line in dumped} == {'{__name__="job:requests:sum"} 180'}


@pytest.mark.parametrize("state", ["healthy", "ready"])
def test_health(state: str, server: Served, promtool: str) -> None:
    done = run(promtool, "check", state, f"--url={server.url}")
    if "expected command" in done.stderr:
        pytest.skip("this promtool is older than its check of health")
    assert done.returncode == 0, done.stderr
