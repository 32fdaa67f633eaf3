"""Beside the real ones: Debian's promtool and Prometheus read the page."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from tests.agent.processes import eventually, free_address, running

NAMES_OF_NODE_EXPORTER = re.compile(
    r"node_\w+ (metric names should be written in 'snake_case' not 'camelCase'"
    r'|use base unit "bytes" instead of "bits"|non-counter metrics should not have "_total" suffix'
    r'|counter metrics should have "_total" suffix|metric names should not contain abbreviated units)'
)


def need(program: str) -> None:
    if shutil.which(program) is None:
        pytest.skip(f"{program} is not installed")


def test_promtool_complains_of_nothing_but_names_that_node_exporter_has_too() -> None:
    need("promtool")
    command = [sys.executable, "-m", "vedette_shared.command", "agent", "--once", "--log-level", "error"]
    text = subprocess.run(command, check=True, capture_output=True).stdout
    checked = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, check=False)
    complaints = checked.stderr.decode().splitlines()
    assert [line for line in complaints if not NAMES_OF_NODE_EXPORTER.fullmatch(line)] == []


def test_prometheus_scrapes_the_page(tmp_path: Path) -> None:
    need("prometheus")
    address, server = free_address(), free_address()
    config = tmp_path / "prometheus.yml"
    config.write_text(
        "global: {scrape_interval: 1s}\nscrape_configs:\n"
        f"  - {{job_name: node, static_configs: [{{targets: ['{address}']}}]}}\n"
    )
    command = ["prometheus", f"--config.file={config}", f"--storage.tsdb.path={tmp_path}/data"]
    with running(tmp_path, "--listen", address):
        prometheus = subprocess.Popen([*command, f"--web.listen-address={server}"], stderr=subprocess.DEVNULL)
        try:

            def value(query: str) -> float | None:
                try:
                    response = httpx.get(f"http://{server}/api/v1/query", params={"query": query})
                except httpx.TransportError:
                    return None
                if response.status_code == httpx.codes.SERVICE_UNAVAILABLE:
                    return None  # still starting, which it says in plain text
                answer = response.json()
                result = answer.get("data", {}).get("result", [])
                return float(result[0]["value"][1]) if result else None

            eventually(lambda: value('up{job="node"}') == 1)
            eventually(lambda: value("node_memory_MemTotal_bytes") is not None)
            assert value("vedette_agent_build_info") == 1
            assert value("count(up == 0)") is None
        finally:
            prometheus.terminate()
            prometheus.wait(20)
