"""The whole agent with devices: each a target of its own in frames, each told apart on a page."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.agent.snmp.agents import NEED_SNMPD, Running, snmpd
from vedette_agent.agent import Agent
from vedette_agent.config import AgentConfig, load_agent_config
from vedette_shared.clock import SystemClock
from vedette_shared.exposition import write_text
from vedette_shared.frames import decode_target
from vedette_shared.labels import make_labels

pytestmark = NEED_SNMPD


@pytest.fixture(scope="module")
def device(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with snmpd(tmp_path_factory.mktemp("snmpd")) as running:
        yield running


def config(folder: Path, port: int) -> AgentConfig:
    file = folder / "agent.toml"
    devices = [
        f'[[snmp]]\nhost = "{host}"\naddress = "127.0.0.1:{port}"\ncommunity = "{community}"\n'
        'labels = { rack = "r2" }\nanswer_timeout = "200ms"\nretries = 0\n'
        for host, community in (("sw1", "public"), ("sw2", "public"), ("sw3", "wrong"))
    ]
    file.write_text('host = "agent1"\n[labels]\nrack = "r1"\n[expose]\nenabled = false\n' + "".join(devices))
    return load_agent_config(file)


async def test_frames(tmp_path: Path, device: Running) -> None:
    """A device that cannot be asked is down, and harms no other."""
    agent = Agent(config(tmp_path, device.port), SystemClock())
    collected = {frame.source: (collection, frame) for collection, frame in await agent.collect_once()}
    agent.close()
    instance = f"127.0.0.1:{device.port}"
    for host, error in (("sw1", ""), ("sw2", ""), ("sw3", f"{instance} does not answer: check the address, the ")):
        collection, frame = collected[f"snmp:{host}"]
        assert decode_target(frame.target) == make_labels(job="snmp", host=host, instance=instance, rack="r2")
        assert collection.error.startswith(error)
        assert bool(collection.error) == bool(error) == (not collection.families)
    node = decode_target(collected["node"][1].target)
    assert node == make_labels(job="node", host="agent1", instance="agent1", rack="r1")


async def test_the_page(tmp_path: Path, device: Running) -> None:
    agent = Agent(config(tmp_path, device.port), SystemClock())
    page = write_text(await agent.collect_page()).decode()
    agent.close()
    instance = f"127.0.0.1:{device.port}"
    found = [line.rpartition(" ")[0] for line in page.splitlines() if line.startswith("ifNumber")]
    assert found == [f'ifNumber{{host="{host}",instance="{instance}",rack="r2"}}' for host in ("sw1", "sw2")]
    assert page.count("# TYPE ifOperStatus gauge\n") == 1
    assert "node_uname_info{domainname=" in page
