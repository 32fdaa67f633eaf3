"""The page of an agent with BMCs and a switch, as promtool sees it, and as it is: no series twice."""

from __future__ import annotations

import importlib.util
import re
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.agent.ipmi.simulator import PASSWORD, USER, SimulatedBmc, need
from tests.agent.redfish import service
from tests.agent.redfish.running import Service, make_certificate
from tests.agent.snmp.agents import snmpsim
from tests.agent.snmp.switches import switch
from vedette_shared.exposition import parse_text

PORTS = 3
NAMES_OF_EXPORTERS = re.compile(
    r"(if\w+|sysUpTime) ((metric|label) names should be written in 'snake_case' not 'camelCase'"
    r'|counter metrics should have "_total" suffix)'
    r'|ipmi_sel_logs_count non-histogram and non-summary metrics should not have "_count" suffix'
)
"""Of snmp_exporter's and ipmi_exporter's."""

CONFIG = """
host = "agent1"
data = "{folder}/data"
[apps]
enabled = false
[disks]
enabled = false
[[ipmi.bmc]]
address = "127.0.0.1:{bmc}"
host = "web1"
user = "{user}"
password_file = "{folder}/secret"
[[ipmi.bmc]]
address = "127.0.0.1:{redfish}"
host = "web2"
protocol = "redfish"
user = "{redfish_user}"
password_file = "{folder}/redfish-secret"
tls = {{ ca_file = "{certificate}" }}
[[snmp]]
host = "sw1"
address = "127.0.0.1:{snmp}"
community = "sw"
"""


@pytest.fixture
def page(tmp_path: Path) -> Iterator[bytes]:
    """What the agent tells once of a BMC by IPMI, one by Redfish, and a switch."""
    need("ipmi_sim")
    if importlib.util.find_spec("snmpsim") is None or importlib.util.find_spec("pysmi") is None:
        pytest.skip("snmpsim and pysmi are not installed")
    (tmp_path / "secret").write_text(PASSWORD)
    (tmp_path / "redfish-secret").write_text(service.PASSWORD)
    for name in ("redfish", "snmp"):
        (tmp_path / name).mkdir()
    certificate = make_certificate(tmp_path)
    with ExitStack() as stack:
        devices = stack.enter_context(snmpsim(tmp_path / "snmp", {"sw": switch(PORTS)}))
        bmc = SimulatedBmc(tmp_path / "bmc")
        stack.callback(bmc.stop)
        redfish = Service(tmp_path / "redfish", certificate, "dell")
        stack.callback(redfish.stop)
        config = tmp_path / "agent.toml"
        keys = {"bmc": bmc.port, "redfish": redfish.port, "snmp": devices.port, "certificate": certificate}
        config.write_text(CONFIG.format(folder=tmp_path, user=USER, redfish_user=service.USER, **keys))
        command = [sys.executable, "-m", "vedette_shared.command", "agent", "--once", "--config", str(config)]
        yield subprocess.run([*command, "--log-level", "error"], check=True, capture_output=True).stdout


def test_page(page: bytes) -> None:
    series = Counter((sample.name, sample.labels) for family in parse_text(page) for sample in family.samples)
    assert [one for one, count in series.items() if count > 1] == []
    names = Counter(name for name, _ in series)
    assert (names["ifOperStatus"], names["ipmi_chassis_power_state"], names["redfish_system_health"]) == (PORTS, 2, 1)
    if shutil.which("promtool") is None:
        pytest.skip("promtool is not installed")
    checked = subprocess.run(["promtool", "check", "metrics"], input=page, capture_output=True, check=False)
    complaints = [line for line in checked.stderr.decode().splitlines() if not line.startswith("node_")]
    assert [line for line in complaints if not NAMES_OF_EXPORTERS.fullmatch(line)] == []
