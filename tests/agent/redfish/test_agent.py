"""The commands of the agent with a BMC that is read by Redfish."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from tests.agent.redfish.running import Service, fingerprint_of
from tests.agent.redfish.service import PASSWORD, USER


def vedette(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "vedette_shared.command", "agent", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


def test_once_and_check_config(serve: Callable[[str], Service], tmp_path: Path, certificate: Path) -> None:
    """The page bears the host of the BMC, the session is ended, and the password is nowhere."""
    service = serve("dell")
    (tmp_path / "secret").write_text(f"{PASSWORD}\n")
    config = tmp_path / "agent.toml"
    config.write_text(
        f"""
        host = "admin"
        data = "{tmp_path}/data"
        [[ipmi.bmc]]
        address = "127.0.0.1:{service.port}"
        protocol = "redfish"
        host = "web1"
        user = "{USER}"
        password_file = "{tmp_path}/secret"
        tls = {{ fingerprint = "{fingerprint_of(certificate)}" }}
        """
    )
    checked = vedette("check-config", "--config", str(config))
    assert (checked.returncode, service.requests) == (0, []), checked.stderr
    once = vedette("--once", "--config", str(config))
    target = 'host="web1",id="PSU.Slot.2",instance="web1",name="PS2 Status",type="Power Supply"'
    assert f"ipmi_sensor_state{{{target}}} 2" in once.stdout.splitlines(), once.stderr
    assert service.requests[-1].startswith("DELETE ")
    assert PASSWORD not in once.stdout + once.stderr + checked.stdout + checked.stderr
