"""The agent as a process, with two BMCs over LAN."""

from __future__ import annotations

import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.agent.ipmi.asking import values_of
from tests.agent.ipmi.simulator import PASSWORD, USER, SimulatedBmc
from tests.agent.processes import free_address, running
from vedette_shared.exposition import parse_openmetrics, parse_text
from vedette_shared.labels import make_labels


@pytest.fixture
def second_bmc(tmp_path: Path, dcmi_module: Path) -> Iterator[SimulatedBmc]:
    simulated = SimulatedBmc(tmp_path / "second", with_dcmi=dcmi_module)
    yield simulated
    simulated.stop()


def write_config(folder: Path, address: str, bmc: SimulatedBmc, other: SimulatedBmc) -> Path:
    (folder / "secret").write_text(f"{PASSWORD}\n")
    file = folder / "agent.toml"
    file.write_text(
        f"""
        host = "db1"
        data = "{folder}/data"
        log_level = "debug"
        [expose]
        listen = "{address}"
        [ipmi]
        [[ipmi.bmc]]
        address = "127.0.0.1:{bmc.port}"
        user = "{USER}"
        password_file = "{folder}/secret"
        [[ipmi.bmc]]
        address = "127.0.0.1:{other.port}"
        host = "web1"
        user = "{USER}"
        password_file = "{folder}/secret"
        """
    )
    return file


def page(address: str, accept: str = "") -> bytes:
    request = urllib.request.Request(f"http://{address}/metrics", headers={"Accept": accept} if accept else {})
    with urllib.request.urlopen(request, timeout=20) as answer:
        return bytes(answer.read())


def test_both_on_the_page(tmp_path: Path, bmc: SimulatedBmc, second_bmc: SimulatedBmc) -> None:
    """The own BMC's series as they are, those of another host's with its labels; the password nowhere."""
    second_bmc.set_sensor(0x01, 30)
    address = free_address()
    config = write_config(tmp_path, address, bmc, second_bmc)
    with running(tmp_path, "--config", str(config)) as agent:
        page(address)  # the first one may come before pyghmi is there
        text = page(address)
        open_metrics = page(address, "application/openmetrics-text; version=1.0.0")
    values = values_of(parse_text(text))
    name, of_web1 = "ipmi_temperature_celsius", {"host": "web1", "instance": "web1"}
    own, other = make_labels(id="2", name="Ambient Temp"), make_labels({**of_web1, "id": "2", "name": "Ambient Temp"})
    assert {labels: value for (found, labels), value in values.items() if found == name and ("id", "2") in labels} == {
        own: 24.0,
        other: 30.0,
    }
    assert text.count(b"# TYPE ipmi_temperature_celsius ") == 1
    assert values_of(parse_openmetrics(open_metrics))[name, own] == 24.0
    assert PASSWORD.encode() not in text + agent.log.read_bytes()
