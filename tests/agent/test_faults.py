"""What goes wrong on a real host: the agent goes on, says so, and loses nothing that it need not lose."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.agent.processes import Process, eventually, free_address, running, server
from vedette_shared.exposition import parse_text


def page(address: str, query: str = "") -> dict[str, float]:
    """The samples of the page, by series."""
    text = httpx.get(f"http://{address}/metrics{query}").content
    return {
        f"{sample.name}{dict(sample.labels) or ''}": sample.value
        for family in parse_text(text)
        for sample in family.samples
    }


def success(samples: dict[str, float], collector: str) -> float:
    return samples["node_scrape_collector_success" + str({"collector": collector})]


def test_a_file_that_hangs_costs_its_collector_alone(tmp_path: Path) -> None:
    """A pipe without a writer stands in for a mount that hangs: opening it blocks for ever."""
    proc = tmp_path / "proc"
    proc.mkdir()
    for name in ("stat", "meminfo", "uptime"):
        (proc / name).write_bytes(Path("/proc", name).read_bytes())
    os.mkfifo(proc / "loadavg")
    address = free_address()
    config = tmp_path / "agent.toml"
    config.write_text(
        f'collector_timeout = "300ms"\n[expose]\nlisten = "{address}"\n[node.roots]\nproc = "{proc}"\n'
        '[node.collectors]\ndefaults = false\nenable = ["loadavg", "meminfo", "stat", "uname"]\n'
    )
    with running(tmp_path, "--config", str(config)) as agent:
        for _ in range(3):
            samples = page(address)
            assert [success(samples, name) for name in ("loadavg", "meminfo", "stat", "uname")] == [0, 1, 1, 1]
            assert "node_memory_MemTotal_bytes" in samples
            time.sleep(1.1)
        threads = len(list(Path(f"/proc/{agent.process.pid}/task").iterdir()))
        start = time.monotonic()
        page(address)
        assert time.monotonic() - start < 3
        assert threads <= 5
        assert agent.log.read_text().count("collector=loadavg") == 1
        with (proc / "loadavg").open("w") as pipe:
            pipe.write("0.5 0.25 0.125 1/100 1234\n")
        (proc / "loadavg").unlink()
        (proc / "loadavg").write_text("0.5 0.25 0.125 1/100 1234\n")
        eventually(lambda: success(page(address), "loadavg") == 1)
        assert agent.stop() == 0


def test_a_script_that_hangs_costs_itself_alone_and_is_ended_with_the_agent(tmp_path: Path) -> None:
    local = tmp_path / "local"
    local.mkdir()
    pids = tmp_path / "pids"
    for name, body in (
        ("hangs", f"echo $$ >> {pids}; sleep 1000 & echo $! >> {pids}; wait"),
        ("works", "echo '0 W - x'"),
    ):
        (local / name).write_text(f"#!/bin/sh\n{body}\n")
        (local / name).chmod(0o755)
    address = free_address()
    config = tmp_path / "agent.toml"
    config.write_text(
        f'[expose]\nlisten = "{address}"\n[local]\nfolder = "{local}"\ninterval = "1s"\ntimeout = "500ms"\n'
    )
    with running(tmp_path, "--config", str(config)) as agent:
        eventually(lambda: page(address).get("check_script_success" + str({"script": "hangs"})) == 0)
        samples = page(address)
        assert samples["check_state" + str({"check": "W"})] == 0
        assert success(samples, "uname") == 1
        assert agent.stop() == 0
    left = [pid for pid in pids.read_text().split() if Path("/proc", pid).exists()]
    assert [pid for pid in left if "Z" not in Path("/proc", pid, "stat").read_text().split()[2]] == []


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 200 kB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=200k", "none", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mount, check=False, capture_output=True).returncode != 0:
        pytest.skip("mounting a small file system needs root")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def test_a_full_disk(tmp_path: Path, small_disk: Path) -> None:
    """Pushing goes on from memory; with the disk free again the spool is on it again."""
    with server() as (url, model):
        address = free_address()
        options = ("--push", url, "--data", str(small_disk), "--interval", "200ms", "--listen", address, "--host", "h")
        filler = small_disk / "filler"
        with pytest.raises(OSError, match="No space left"):
            filler.write_bytes(b"x" * 300_000)
        with running(tmp_path, *options) as agent:
            eventually(lambda: len(model.stored) > 10)
            assert page(address)["vedette_agent_spool_write_errors_total"] > 0
            filler.unlink()
            eventually(lambda: page(address)["vedette_agent_spool_bytes"] > 0)
            assert agent.stop() == 0
        sequences = sorted(sequence for _, sequence in model.stored)
        assert sequences == list(range(1, len(sequences) + 1))
        assert model.repeated == 0


def test_the_server_is_away_and_comes_back(tmp_path: Path) -> None:
    """Killed meanwhile, the agent still delivers every frame once."""
    with server() as (url, model):
        options = ("--push", url, "--data", str(tmp_path / "data"), "--interval", "200ms", "--host", "h")
        more = ("--listen", free_address())
        model.away = True
        for _ in range(3):
            with running(tmp_path, *options, *more) as agent:
                time.sleep(1)
                agent.stop(signal.SIGKILL)
            (tmp_path / "notify").unlink()
        assert model.stored == {}
        model.away = False
        with running(tmp_path, *options, *more) as agent:
            eventually(lambda: len(model.stored) >= 30 and max(model.stored)[1] == len(model.stored))
            assert agent.stop() == 0


def test_two_servers_of_which_one_is_away(tmp_path: Path) -> None:
    with server() as (url, model), server() as (other_url, other):
        other.away = True
        address = free_address()
        config = tmp_path / "agent.toml"
        config.write_text(
            f'host = "h"\ninterval = "200ms"\ndata = "{tmp_path}/data"\n[expose]\nlisten = "{address}"\n'
            f'[push]\nurl = "{url}"\nmax_backoff = "500ms"\n[[push.servers]]\nurl = "{other_url}"\n'
        )
        with running(tmp_path, "--config", str(config)) as agent:
            eventually(lambda: len(model.stored) >= 10)
            assert other.stored == {}
            waiting = "vedette_agent_spool_waiting_frames"
            here, away = (waiting + str({"server": each}) for each in (url, other_url))
            eventually(lambda: (samples := page(address))[away] > samples[here] + 10)
            other.away = False
            eventually(lambda: len(other.stored) >= 20)
            eventually(lambda: model.stored.items() <= other.stored.items())
            assert agent.stop() == 0


def reload(agent: Process) -> None:
    agent.process.send_signal(signal.SIGHUP)
    assert [agent.told(), agent.told()] == ["RELOADING=1", "READY=1"]


def test_sources_come_and_go_by_reload_and_the_others_run_on(tmp_path: Path) -> None:
    local = tmp_path / "local"
    local.mkdir()
    (local / "check").write_text("#!/bin/sh\necho '0 Mine - x'\n")
    (local / "check").chmod(0o755)
    with server() as (url, model):
        address = free_address()
        config = tmp_path / "agent.toml"
        base = (
            f'host = "h"\ninterval = "300ms"\ndata = "{tmp_path}/data"\n[expose]\nlisten = "{address}"\n'
            f'[push]\nurl = "{url}"\n[disks]\nenabled = false\n'
        )
        config.write_text(base)
        with running(tmp_path, "--config", str(config)) as agent:
            eventually(lambda: len(model.stored) >= 4)
            config.write_text(f'{base}[local]\nfolder = "{local}"\n')
            reload(agent)
            mine = "check_state" + str({"check": "Mine"})
            eventually(lambda: page(address).get(mine) == 0)
            eventually(lambda: {frame.source for frame in model.stored.values()} == {"node", "agent", "local"})
            config.write_text(base)
            reload(agent)
            assert mine not in page(address)
            count = len(model.stored)
            eventually(lambda: len(model.stored) >= count + 4)
            assert agent.stop() == 0
        assert len({generation for generation, _ in model.stored}) == 1
        sequences = sorted(sequence for _, sequence in model.stored)
        assert sequences == list(range(1, len(sequences) + 1))
