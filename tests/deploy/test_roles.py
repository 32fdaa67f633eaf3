"""The roles without a host: the playbook parses, and what the templates write is what the programs take."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
import yaml

from tests.deploy.playbook import ANSIBLE, BIN, environment
from vedette_agent.config import AgentConfig, load_agent_config
from vedette_agent.config_parts import ExposeConfig, PushConfig
from vedette_agent.snmp.config import Secret
from vedette_agent.snmp.traps.config import TrapsConfig
from vedette_server.main.config import ApiConfig, IngestConfig, ServerConfig, StorageConfig, load_configuration
from vedette_server.scrape.config import ScrapeConfig
from vedette_shared.addresses import Address
from vedette_shared.config import Duration, Size
from vedette_shared.errors import ConfigError

PLAYBOOK = BIN / "ansible-playbook"
RENDER = Path(__file__).with_name("render.yml")
FILTERS = ANSIBLE / "roles" / "vedette_release" / "filter_plugins"

pytestmark = pytest.mark.skipif(not PLAYBOOK.exists(), reason="ansible-core is not installed: pip install ansible-core")


def play(folder: Path, *arguments: str) -> None:
    own = environment(folder) | {"ANSIBLE_FILTER_PLUGINS": str(FILTERS)}
    done = subprocess.run(
        [str(PLAYBOOK), *arguments], cwd=ANSIBLE, env=own, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


HOSTILE = '"]\n[push]\nurl = "http://evil" # {{ 7 * 7 }} {% raw %}'
SPOOL_CHECK = {
    "name": "spool",
    "service": "Spool {agent}",
    "query": "vedette_agent_spool_bytes",
    "upper": [1e6, 1e9],
    "override": [{"match": {"host": "db.*"}, "upper": [1, 2]}],
}
CASES: Mapping[str, Mapping[str, Mapping[str, object]]] = {
    "vedette_agent": {
        "agent_defaults": {},
        "agent_variables": {
            "vedette_agent_push_url": "http://10.77.0.11:9471",
            "vedette_agent_host": "web 1",
            "vedette_agent_labels": {"site": {"__ansible_unsafe": HOSTILE}},
            "vedette_agent_interval": "30s",
            "vedette_agent_listen": "0.0.0.0:9472",
            "vedette_agent_insecure": True,
            "vedette_agent_settings": {"push": {"timeout": "5s"}, "log_level": "debug"},
        },
        "agent_refused": {"vedette_agent_listen": "0.0.0.0:9472"},
        "agent_traps": {
            "vedette_agent_snmp_traps": True,
            "vedette_agent_settings": {
                "snmp_traps": {"listen": "0.0.0.0:162", "insecure": True, "communities": ["public"]}
            },
        },
    },
    "vedette_server": {
        "server_defaults": {},
        "server_variables": {
            "vedette_server_api_listen": "[::]:9470",
            "vedette_server_ingest_listen": "0.0.0.0:9471",
            "vedette_server_api_insecure": True,
            "vedette_server_ingest_insecure": True,
            "vedette_server_retention": "30d",
            "vedette_server_retention_size": "500GiB",
            "vedette_server_scrape": [{"job": "node", "targets": ["db1:9100"], "labels": {"site": "fra1"}}],
            "vedette_server_checks": [SPOOL_CHECK],
            "vedette_server_settings": {"ingest": {"max_message": "1MiB"}},
        },
    },
}
"""What an inventory may say of a host, by a name for it."""


def defaults(role: str) -> dict[str, object]:
    """The role's defaults: whatever an inventory says of a host goes before them."""
    values: dict[str, object] = yaml.safe_load((ANSIBLE / "roles" / role / "defaults" / "main.yml").read_text())
    return values


@pytest.fixture(scope="module")
def rendered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the configuration file of each case, written by the templates in one run."""
    folder = tmp_path_factory.mktemp("rendered")
    inventory = folder / "hosts.json"
    common = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable, "folder": str(folder)}
    groups = {role: {"vars": defaults(role) | {"role": role}, "hosts": hosts} for role, hosts in CASES.items()}
    inventory.write_text(json.dumps({"all": {"vars": common, "children": groups}}))
    play(folder, str(RENDER), "--inventory", str(inventory))
    return folder


def test_syntax(tmp_path: Path) -> None:
    """Ansible takes the playbook, its roles and the example of an inventory."""
    play(tmp_path, "--syntax-check", "--inventory", "hosts.example.yml", "site.yml")


def test_variables_are_documented() -> None:
    """The tables of README.md name every variable of the roles and of the playbook, and no other."""
    rows = [line for line in (ANSIBLE / "README.md").read_text().splitlines() if line.startswith("| `vedette_")]
    told = {name for row in rows for name in re.findall(r"`(vedette_\w+)`", row.split("|")[1])}
    of_roles = {name for role in ("vedette_release", *CASES) for name in defaults(role)}
    of_playbook = set(re.findall(r"(vedette_\w+) \| default", (ANSIBLE / "site.yml").read_text()))
    assert told == of_roles | of_playbook


def test_agent_defaults(rendered: Path) -> None:
    """By its defaults the role changes nothing in the agent's own."""
    assert load_agent_config(rendered / "agent_defaults.toml") == AgentConfig()


def test_agent_variables(rendered: Path) -> None:
    """Each variable reaches its key, hostile texts stay values, and settings are laid over what the variables say."""
    assert load_agent_config(rendered / "agent_variables.toml") == AgentConfig(
        host="web 1",
        labels={"site": HOSTILE},
        interval=Duration(30_000),
        log_level="debug",
        expose=ExposeConfig(listen=Address("0.0.0.0", 9472), insecure=True),
        push=PushConfig("http://10.77.0.11:9471", timeout=Duration(5_000)),
    )


def test_agent_traps(rendered: Path) -> None:
    assert load_agent_config(rendered / "agent_traps.toml") == AgentConfig(
        snmp_traps=TrapsConfig(listen=Address("0.0.0.0", 162), insecure=True, communities=(Secret("public"),))
    )


def test_what_the_roles_install_is_there() -> None:
    """Every unit and drop-in is installed by one of the roles, and none that is not there."""
    tasks = "".join(path.read_text() for path in (ANSIBLE / "roles").glob("*/tasks/*.yml"))
    named = set(re.findall(r"vedette_units \}\}/([a-z-]+\.service)", tasks))
    variables = yaml.safe_load((ANSIBLE / "roles/vedette_agent/vars/main.yml").read_text())
    named |= {f"drop-ins/agent-{right['name']}.conf" for right in variables["vedette_agent_rights"]}
    systemd = ANSIBLE.parent / "systemd"
    there = {str(path.relative_to(systemd)) for path in [*systemd.glob("drop-ins/*"), *systemd.glob("*.service")]}
    assert named == there


def test_server_defaults(rendered: Path) -> None:
    """By its defaults the role changes nothing in the server's own, nor in its checks."""
    assert load_configuration(rendered / "server_defaults.toml") == load_configuration(None)


def test_server_variables(rendered: Path) -> None:
    """Each variable reaches its key; a check of the inventory joins the server's own."""
    configuration = load_configuration(rendered / "server_variables.toml")
    assert configuration.server == ServerConfig(
        api=ApiConfig(listen=Address("::", 9470), insecure=True),
        ingest=IngestConfig(listen=Address("0.0.0.0", 9471), insecure=True, max_message=Size(2**20)),
        storage=StorageConfig(retention=Duration(30 * 86_400_000), retention_size=Size(500 * 2**30)),
        scrape=(ScrapeConfig(job="node", targets=("db1:9100",), labels={"site": "fra1"}),),
    )
    assert [check.name for check in configuration.checks.checks if check.name == "spool"] == ["spool"]


def test_wrong_value(rendered: Path) -> None:
    """What the programs refuse, the file that the role writes is refused for: the role's validation will tell."""
    with pytest.raises(ConfigError, match=r"expose: listen = .*or insecure = true to do without"):
        load_agent_config(rendered / "agent_refused.toml")
