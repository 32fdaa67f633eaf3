"""``[ipmi]``: what it takes, what it refuses, and what becomes of it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from vedette_agent.config import AgentConfig, load_agent_config
from vedette_agent.ipmi.config import BmcConfig, IpmiConfig
from vedette_agent.ipmi.make import plan_bmcs
from vedette_agent.sources.make import plan_sources
from vedette_shared.clock import ManualClock
from vedette_shared.errors import ConfigError


def load(folder: Path, text: str) -> AgentConfig:
    file = folder / "agent.toml"
    file.write_text(text)
    return load_agent_config(file)


def ipmi(folder: Path, text: str) -> IpmiConfig:
    config = load(folder, text).ipmi
    assert config is not None
    return config


def test_without_a_bmc_it_is_the_own_one(tmp_path: Path) -> None:
    assert ipmi(tmp_path, "[ipmi]").all_bmcs == (BmcConfig(),)
    assert load(tmp_path, "").ipmi is None


@pytest.mark.parametrize(
    ("address", "endpoint"),
    [
        ("10.0.0.11", ("10.0.0.11", 623)),
        ("bmc1.example:6230", ("bmc1.example", 6230)),
        ("[fd00::2]:624", ("fd00::2", 624)),
        ("fd00::2", ("fd00::2", 623)),
    ],
)
def test_addresses(tmp_path: Path, address: str, endpoint: tuple[str, int]) -> None:
    [bmc] = ipmi(tmp_path, f'[[ipmi.bmc]]\naddress = "{address}"\nuser = "u"').all_bmcs
    assert bmc.endpoint == endpoint


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ('address = "10.0.0.11"\nprotocol = "redfish"', "https://10.0.0.11"),
        ('address = "bmc1:8443"\nprotocol = "redfish"', "https://bmc1:8443"),
        ('address = "[fd00::2]:8443"\nprotocol = "redfish"', "https://[fd00::2]:8443"),
        ('address = "fd00::2"\nprotocol = "redfish"', "https://[fd00::2]"),
        ('address = "10.0.0.11:6230"\nprotocol = "auto"', "https://10.0.0.11"),
        ('address = "10.0.0.11"\nprotocol = "auto"\nredfish_port = 8443', "https://10.0.0.11:8443"),
    ],
)
def test_redfish_urls(tmp_path: Path, text: str, url: str) -> None:
    [bmc] = ipmi(tmp_path, f'[[ipmi.bmc]]\nuser = "u"\n{text}').all_bmcs
    assert bmc.redfish_url == url


BMC = '[[ipmi.bmc]]\naddress = "b"\nuser = "u"\n'


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('[[ipmi.bmc]]\naddress = "b"', "b needs a user, and a password_file"),
        ('[[ipmi.bmc]]\nuser = "u"', "are for a BMC with an address"),
        ('[[ipmi.bmc]]\naddress = "b:x"\nuser = "u"', "'b:x' is not an address"),
        ('[[ipmi.bmc]]\naddress = "b"\nuser = "u"\nlabels = { rack = "1" }', "labels are for the BMC of another host"),
        (
            '[[ipmi.bmc]]\naddress = "b"\nuser = "u"\nhost = "h"\nlabels = { job = "1" }',
            "labels.job cannot be set here",
        ),
        ('[[ipmi.bmc]]\naddress = "b"\nuser = "u"\n[[ipmi.bmc]]\naddress = "b"\nuser = "u"', "a BMC stands twice"),
        (
            '[[ipmi.bmc]]\naddress = "a"\nuser = "u"\n[[ipmi.bmc]]\naddress = "b"\nuser = "u"',
            "a and b would be one target; give each its own host, or instance",
        ),
        ('[[ipmi.bmc]]\nprotocol = "redfish"', "needs the address of the BMC"),
        (f"{BMC}tls = {{ verify = false }}", "tls is for Redfish"),
        (f'{BMC}protocol = "snmp"', "invalid enum value 'snmp'"),
        (f'{BMC}protocol = "redfish"\nredfish_port = 8443', "the port stands in the address"),
        (f'{BMC}protocol = "auto"\nredfish_port = 0', "redfish_port must be a port"),
        (f'{BMC}protocol = "redfish"\nprivilege = "user"', "privilege is for IPMI"),
        (f'{BMC}protocol = "redfish"\ntls = {{ fingerprint = "abc" }}', "64 hexadecimal digits"),
        (
            f'{BMC}protocol = "redfish"\ntls = {{ fingerprint = "{"ab" * 32}", verify = false }}',
            "one of verify = false, fingerprint and ca_file",
        ),
        ('[ipmi]\ntimeout = "0s"', "interval, timeout and at_a_time must be more than 0"),
        ("[ipmi]\ncollectors = []", "collectors must name at least one"),
        ('[ipmi]\ncollectors = ["fans"]', "invalid enum value 'fans'"),
    ],
)
def test_refused(tmp_path: Path, text: str, reason: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, text)
    assert reason in str(caught.value)


def test_one_source_for_each(tmp_path: Path) -> None:
    """A BMC's source bears the labels of its host, and another password makes it another one."""
    secret = tmp_path / "secret"
    secret.write_text("one\n")
    text = f"""
    [ipmi]
    interval = "60s"
    timeout = "9s"
    [[ipmi.bmc]]
    [[ipmi.bmc]]
    address = "10.0.0.11"
    host = "web1"
    instance = "web1-bmc"
    labels = {{ rack = "r12" }}
    user = "monitor"
    password_file = "{secret}"
    """
    config = ipmi(tmp_path, text)
    local, web1 = plan_bmcs(config, tmp_path, ManualClock())
    sources = [local[2](), web1[2]()]
    assert [(s.name, s.job, s.interval_ms, s.timeout, s.host, s.instance, s.labels) for s in sources] == [
        ("ipmi:local", "ipmi", 60_000, 10.0, "", "", {}),
        ("ipmi:10.0.0.11", "ipmi", 60_000, 10.0, "web1", "web1-bmc", {"rack": "r12"}),
    ]
    assert plan_bmcs(config, tmp_path, ManualClock())[1][1] == web1[1]
    secret.write_text("two\n")
    assert plan_bmcs(config, tmp_path, ManualClock())[1][1] != web1[1]
    secret.unlink()
    with pytest.raises(ConfigError, match="cannot be read"):
        plan_sources(load(tmp_path, text), ManualClock())


def test_a_file_of_certificates_that_cannot_be_read(tmp_path: Path) -> None:
    config = ipmi(tmp_path, f'{BMC}protocol = "redfish"\ntls = {{ ca_file = "{tmp_path}/none.pem" }}')
    with pytest.raises(ConfigError, match=r"none\.pem: no certificates can be read from it"):
        plan_bmcs(config, tmp_path, ManualClock())


def test_pyghmi_is_imported_by_the_first_login_alone() -> None:
    program = (
        "import sys, vedette_agent.service, vedette_agent.ipmi.make, vedette_agent.ipmi.lan\n"
        "print(any(name.split('.')[0] in ('pyghmi', 'cryptography') for name in sys.modules))"
    )
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert told.stdout == "False\n"
