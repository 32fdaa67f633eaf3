"""The agent's configuration: defaults, what it takes, and one clear line for what it does not."""

from pathlib import Path

import pytest

from vedette_agent.config import AgentConfig, load_agent_config
from vedette_shared.addresses import Address
from vedette_shared.errors import ConfigError


def load(folder: Path, text: str) -> AgentConfig:
    file = folder / "agent.toml"
    file.write_text(text)
    return load_agent_config(file)


def test_the_default_exposes_and_does_not_push(tmp_path: Path) -> None:
    config = load(tmp_path, "")
    assert config == AgentConfig()
    assert (config.expose.listen, config.push, config.interval) == (Address("127.0.0.1", 9472), None, 15_000)
    assert config.host_name


def test_a_whole_configuration(tmp_path: Path) -> None:
    (tmp_path / "agent.d").mkdir()
    (tmp_path / "agent.d" / "push.toml").write_text('[push]\nurl = "http://127.0.0.1:9471"\n')
    config = load(
        tmp_path,
        'host = "h1"\ninterval = "5s"\nlabels = { rack = "r1" }\ndata = "/x"\n[node.collectors]\ndisable = ["cpu"]\n',
    )
    assert (config.host_name, config.interval, config.labels, config.data) == (
        "h1",
        5_000,
        {"rack": "r1"},
        Path("/x"),
    )
    assert config.push is not None
    assert (config.push.url, config.push.spool.max_size) == ("http://127.0.0.1:9471", 512 * 2**20)
    assert config.node.collectors.disable == ("cpu",)


ERRORS = [
    ("intervall = '1s'", "intervall: unknown key; did you mean interval?"),
    ("interval = '1ms'", "top level: interval must be at least 100ms"),
    ("interval = 15", 'interval: 15 is not a duration; write it as a text, like "15s"'),
    ("labels = { job = 'x' }", "top level: labels.job is set by the agent itself"),
    ("labels = { 'a-b' = 'x' }", "top level: labels.a-b is not a label name"),
    ("[expose]\nlisten = '0.0.0.0:9472'", 'expose: listen = "0.0.0.0:9472" is reached from other machines'),
    ("[push]", "push: url is required, such as"),
    ("[push]\nurl = 'http://x'\n[[push.servers]]\nurl = 'http://x'", "push: a server stands twice"),
    ("[expose]\ncert_file = 'x'", "expose: cert_file and key_file go together"),
    ("[limits]\ncpu = 2.0", "limits: series must be at least 1"),
    ("[[plugins.plugin]]\nname = 'x'\ncommand = []", "plugins.plugin[0]: name and command must not be empty"),
    ("[local]\ninterval = '0'", "local: interval and timeout must be more than 0"),
    ("[push]\nurl = 'server:9471'", "push: 'server:9471' is not the URL of a server"),
    ("[push]\nurl = 'http://x'\n[push.spool]\nmax_size = '1kB'", "push.spool: max_size must be at least 1MiB"),
]


@pytest.mark.parametrize(("text", "expected"), ERRORS)
def test_errors(tmp_path: Path, text: str, expected: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, text)
    assert str(caught.value).startswith(f"{tmp_path}/agent.toml: {expected}")
    assert "\n" not in str(caught.value)


def test_any_address_may_be_exposed_when_told_so(tmp_path: Path) -> None:
    config = load(tmp_path, "[expose]\nlisten = '0.0.0.0:9472'\ninsecure = true")
    assert config.expose.listen == Address("0.0.0.0", 9472)
