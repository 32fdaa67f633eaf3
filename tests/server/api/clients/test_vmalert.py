"""VictoriaMetrics' evaluator of rules, with Vedette as the source of its data."""

from __future__ import annotations

import subprocess
from datetime import UTC, datetime
from pathlib import Path

from tests.e2e.harness import eventually, free_address
from tests.server.api.clients.conftest import Served
from tests.server.api.clients.sink import Sink

RULES = """\
groups:
- name: g
  interval: {interval}
  rules:
  - record: job:requests:rate
    expr: round(sum by (job) (rate(requests_total[1m])), 0.001)
  - alert: TooSteady
    expr: steady > 41
    labels: {{severity: warning}}
    annotations: {{summary: "{{{{ $labels.host }}}} is at {{{{ $value }}}}"}}
"""


def rule_file(folder: Path, interval: str) -> Path:
    file = folder / "rules.yml"
    file.write_text(RULES.format(interval=interval))
    return file


def moment(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z")


def test_replay(server: Served, vmalert: str, tmp_path: Path) -> None:
    """Rules are evaluated over the past by range queries; what they give is written to another place."""
    with Sink() as sink:
        done = subprocess.run(
            [
                vmalert,
                f"-rule={rule_file(tmp_path, '60s')}",
                f"-datasource.url={server.url}",
                f"-remoteWrite.url={sink.url}",
                f"-replay.timeFrom={moment(server.base - 1800)}",
                f"-replay.timeTo={moment(server.base - 600)}",
                "-replay.rulesDelay=10ms",
                "-datasource.queryStep=60s",
                "-replay.disableProgressBar",
            ],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert done.returncode == 0, done.stderr
    recorded = {(at, value) for labels, at, value in sink.samples if labels["__name__"] == "job:requests:rate"}
    alerts = {(at, value) for labels, at, value in sink.samples if labels["__name__"] == "ALERTS"}
    expected = range((server.base - 1800) * 1000, (server.base - 600) * 1000 + 1, 60_000)
    assert (recorded, alerts) == ({(at, 3.0) for at in expected}, {(at, 1.0) for at in expected})


def test_live(server: Served, vmalert: str, tmp_path: Path) -> None:
    """An alert that its query finds now reaches the notifier."""
    log = (tmp_path / "log").open("wb")
    with Sink() as sink, log:
        process = subprocess.Popen(
            [
                vmalert,
                f"-rule={rule_file(tmp_path, '1s')}",
                f"-datasource.url={server.url}",
                f"-notifier.url={sink.url}",
                f"-remoteWrite.url={sink.url}",
                f"-httpListenAddr={free_address()}",
            ],
            stdout=log,
            stderr=log,
        )
        try:
            alerts = eventually(lambda: list(sink.alerts), bool)
        finally:
            process.terminate()
            process.wait(30)
    assert alerts[0]["labels"] == {"alertgroup": "g", "alertname": "TooSteady", "host": "a", "severity": "warning"}
    assert alerts[0]["annotations"] == {"summary": "a is at 42"}
