"""The agent as a process: collects this host, exposes, pushes, reloads and stops."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from tests.agent.processes import PATIENCE_S, eventually, free_address, running, server
from vedette_shared.addresses import Address
from vedette_shared.exposition import parse_text
from vedette_shared.frames import decode_target
from vedette_shared.listening import bound_address, listen_on


def test_exposes_this_host_without_a_configuration_and_stops_cleanly(tmp_path: Path) -> None:
    address = free_address()
    with running(tmp_path, "--listen", address, "--host", "h1") as agent:
        page = httpx.get(f"http://{address}/metrics", headers={"Accept-Encoding": "gzip"})
        families = {family.name: family for family in parse_text(page.content)}
        assert {"node_load1", "node_cpu_seconds_total", "node_scrape_collector_success"} <= families.keys()
        assert page.headers["content-encoding"] == "gzip"
        assert httpx.get(f"http://{address}/healthz").status_code == 200
        assert agent.stop() == 0
        assert agent.told() == "STOPPING=1"
    assert "event=stopped" in agent.log.read_text()


def test_pushes_and_goes_on_after_sigkill(tmp_path: Path) -> None:
    with server() as (url, model):
        config = tmp_path / "agent.toml"
        config.write_text("[disks]\nenabled = false\n")
        options = (
            "--config",
            str(config),
            "--push",
            url,
            "--listen",
            free_address(),
            "--data",
            str(tmp_path / "data"),
            "--interval",
            "200ms",
        )
        for number in (signal.SIGKILL, signal.SIGTERM):
            before = len(model.stored)
            with running(tmp_path, *options, "--host", "h1") as agent:
                eventually(lambda before=before: len(model.stored) >= before + 6)
                assert agent.stop(number) == (-signal.SIGKILL if number == signal.SIGKILL else 0)
            (tmp_path / "notify").unlink()
        generations = {generation for generation, _ in model.stored}
        sequences = sorted(sequence for _, sequence in model.stored)
        assert len(generations) == 1
        assert sequences == list(range(1, len(sequences) + 1))
        targets = {decode_target(frame.target) for frame in model.stored.values()}
        assert targets == {(("host", "h1"), ("instance", "h1"), ("job", "node"))}
        names = {series.name for layout in model.layouts.values() for series in layout.series}
        assert {"up", "node_load1", "vedette_agent_build_info"} <= names


def test_reload_is_all_or_nothing(tmp_path: Path) -> None:
    first, second = free_address(), free_address()
    config = tmp_path / "agent.toml"
    config.write_text(f'host = "h1"\n[expose]\nlisten = "{first}"\n')
    with running(tmp_path, "--config", str(config)) as agent:
        config.write_text("nonsense = 1\n")
        agent.process.send_signal(signal.SIGHUP)
        assert [agent.told(), agent.told()] == ["RELOADING=1", "READY=1"]
        assert httpx.get(f"http://{first}/healthz").status_code == 200
        assert "nonsense: unknown key" in agent.log.read_text()
        with listen_on(Address("127.0.0.1", 0)) as taken:
            config.write_text(f'[expose]\nlisten = "{bound_address(taken)}"\n')
            agent.process.send_signal(signal.SIGHUP)
            assert [agent.told(), agent.told()] == ["RELOADING=1", "READY=1"]
        assert httpx.get(f"http://{first}/healthz").status_code == 200
        config.write_text(f'[expose]\nlisten = "{second}"\n')
        agent.process.send_signal(signal.SIGHUP)
        assert [agent.told(), agent.told()] == ["RELOADING=1", "READY=1"]
        assert httpx.get(f"http://{second}/healthz").status_code == 200
        with pytest.raises(httpx.ConnectError):
            httpx.get(f"http://{first}/healthz")
        config.write_text(f'interval = "5s"\n[expose]\nlisten = "{second}"\n')
        agent.process.send_signal(signal.SIGHUP)
        assert [agent.told(), agent.told()] == ["RELOADING=1", "READY=1"]
        assert httpx.get(f"http://{second}/healthz").status_code == 200
        assert agent.stop() == 0


def test_sources_are_shown_behind_tls_and_a_password(tmp_path: Path) -> None:
    address = free_address()
    key, cert, password = tmp_path / "key.pem", tmp_path / "cert.pem", tmp_path / "password"
    options = "-x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=h1"
    made = ["openssl", "req", *options.split(), "-keyout", str(key), "-out", str(cert)]
    subprocess.run(made, check=True, capture_output=True)
    password.write_text("secret\n")
    config = tmp_path / "agent.toml"
    config.write_text(
        f'[expose]\nlisten = "{address}"\ncert_file = "{cert}"\nkey_file = "{key}"\n'
        f'[expose.basic_auth]\nuser = "me"\npassword_file = "{password}"\n'
        f'[local]\nfolder = "{tmp_path}/none"\n[disks]\nenabled = false\n'
    )
    with running(tmp_path, "--config", str(config)):
        assert httpx.get(f"https://{address}/metrics", verify=False).status_code == 401
        assert httpx.get(f"https://{address}/metrics", verify=False, auth=("me", "secret")).status_code == 200
        shown = command("sources", "--config", str(config))
        assert (shown.returncode, shown.stderr) == (0, "")
        head, *rows = shown.stdout.splitlines()
        assert head.split() == ["source", "job", "interval", "age", "took", "series", "failures", "limited", "error"]
        assert [row.split()[:3] for row in rows[:3]] == [
            ["node", "node", "15s"],
            ["local", "local", "15s"],
            ["agent", "node", "15s"],
        ]
        assert rows[1].endswith("No such file or directory: '" + str(tmp_path / "none") + "'")
        as_json = command("--config", str(config), "sources", "--json")
        assert [source["name"] for source in json.loads(as_json.stdout)] == ["node", "local", "agent"]
    gone = command("sources", "--config", str(config))
    assert (gone.returncode, gone.stderr[:30]) == (1, f"vedette: no agent answers at {address}"[:30])


def test_check_config(tmp_path: Path) -> None:
    config = tmp_path / "agent.toml"
    config.write_text("[push]\nurl = 'http://127.0.0.1:9471'\n")
    sound = command("check-config", "--config", str(config))
    assert (sound.returncode, sound.stdout, sound.stderr) == (0, "the configuration is sound\n", "")
    config.write_text("[push]\nurl = 'http://127.0.0.1:9471'\ntoken_file = '/none'\n")
    unsound = command("check-config", "--config", str(config))
    assert (unsound.returncode, unsound.stdout) == (1, "")
    assert unsound.stderr.startswith("vedette: /none: cannot be read:")


def test_once_as_frames() -> None:
    ended = command("--once", "--frames", "--log-level", "error", "--host", "h1")
    assert ended.returncode == 0
    lines = ended.stdout.splitlines()
    assert lines[0].startswith('source=node target={host="h1", instance="h1", job="node"} timestamp=')
    assert any(line.startswith("  node_load1 ") for line in lines)
    assert lines[-1].startswith("message with all layouts: ")


def command(*options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "vedette_shared.command", "agent", *options],
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )


def test_once_prints_the_page() -> None:
    ended = command("--once", "--log-level", "error")
    assert (ended.returncode, ended.stderr) == (0, "")
    assert "node_load1" in {family.name for family in parse_text(ended.stdout.encode())}


def test_once_without_traps(tmp_path: Path) -> None:
    """They come to an agent that runs: nothing is wrong without them, and their port may be another's."""
    config = tmp_path / "agent.toml"
    with listen_on(Address("127.0.0.1", 0)) as taken:
        config.write_text(f'[snmp_traps]\nlisten = "{bound_address(taken)}"\ncommunities = ["public"]\n')
        ended = command("--once", "--config", str(config))
    assert (ended.returncode, ended.stderr) == (0, "")
    assert "snmp" not in ended.stdout


def test_bad_usage_and_bad_input_are_one_line(tmp_path: Path) -> None:
    with listen_on(Address("127.0.0.1", 0)) as taken:
        address = bound_address(taken)
        cases = [
            (("--interval", "15"), 2, "vedette: '15' is not a duration; write it like 15s, 5m, 1h30m or 250ms\n"),
            (("--push", "nowhere"), 2, "vedette: 'nowhere' is not the URL of a server; write it like"),
            (("--listen", "x"), 2, "vedette: 'x' is not an address; write it like"),
            (("--config", str(tmp_path / "none.toml")), 1, f"vedette: {tmp_path}/none.toml: cannot be read: No such"),
            (("--listen", str(address)), 1, f"vedette: cannot listen on {address}: Address already in use; another"),
        ]
        for options, code, line in cases:
            ended = command(*options)
            assert (ended.returncode, ended.stderr[: len(line)]) == (code, line)
            assert ended.stderr.count("\n") == 1
