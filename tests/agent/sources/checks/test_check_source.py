"""Scripts run in the background, each in its time; the last results are reported with their age."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import trio

from vedette_agent.children import ChildLimits
from vedette_agent.errors import CollectorError
from vedette_agent.sources.checks.local import find_local_checks
from vedette_agent.sources.checks.plugins import plugin_script, read_mrpe
from vedette_agent.sources.checks.source import CheckSource, Script
from vedette_shared.clock import SystemClock
from vedette_shared.labels import format_series

LIMITS = ChildLimits(timeout=0.5)


def write(path: Path, body: str, mode: int = 0o755) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(mode)
    return path


def local(folder: Path) -> Callable[[], list[Script]]:
    return lambda: find_local_checks(folder, 0.1, LIMITS)


@asynccontextmanager
async def running(scripts: Callable[[], list[Script]]) -> AsyncIterator[CheckSource]:
    source = CheckSource("local", 1000, scripts, SystemClock())
    async with trio.open_nursery() as nursery:
        await nursery.start(source.run)
        yield source
        nursery.cancel_scope.cancel()


async def values(source: CheckSource) -> dict[str, float]:
    return {
        format_series((("__name__", sample.name), *sample.labels)): sample.value
        for family in await source.collect()
        for sample in family.samples
        if not sample.name.endswith("_seconds")
    }


async def until(source: CheckSource, wanted: dict[str, float]) -> None:
    found: dict[str, float] = {}
    for _ in range(500):
        found = await values(source)
        if wanted.items() <= found.items():
            return
        await trio.sleep(0.02)
    assert wanted.items() <= found.items()


async def test_local_checks(tmp_path: Path) -> None:
    folder = tmp_path / "local"
    write(folder / "disk", "echo '0 Disk used=42;80;90 fine'; echo 'P Load v=7;5;9 busy'")
    write(folder / "3600" / "slow", "echo '1 Backup - old'")
    write(folder / "readme.txt", "not a check", mode=0o644)
    async with running(local(folder)) as source:
        await until(
            source,
            {
                'check_state{check="Disk"}': 0.0,
                'check_value{check="Disk", metric="used"}': 42.0,
                'check_warn_upper{check="Disk", metric="used"}': 80.0,
                'check_crit_upper{check="Disk", metric="used"}': 90.0,
                'check_state{check="Load"}': 1.0,
                'check_state{check="Backup"}': 1.0,
                'check_script_success{script="disk"}': 1.0,
                'check_script_success{script="3600/slow"}': 1.0,
            },
        )
        assert len([name for name in await values(source) if name.startswith("check_script_success")]) == 2


async def test_one_that_hangs_fails_and_harms_no_other(tmp_path: Path) -> None:
    folder = tmp_path / "local"
    write(folder / "hangs", "sleep 1000 & sleep 1000")
    write(folder / "works", "echo '0 Works - fine'")
    async with running(local(folder)) as source:
        await until(source, {'check_script_success{script="hangs"}': 0.0, 'check_state{check="Works"}': 0.0})


async def test_a_result_outlives_a_failure_for_a_while_and_ages(tmp_path: Path) -> None:
    folder = tmp_path / "local"
    write(folder / "once", "echo '0 Once - fine'")
    folder_check = {'check_state{check="Once"}': 0.0}
    async with running(local(folder)) as source:
        await until(source, folder_check)
        write(folder / "once", "echo garbage")
        await until(source, {'check_script_success{script="once"}': 0.0})
        for _ in range(500):
            if 'check_state{check="Once"}' not in await values(source):
                break
            await trio.sleep(0.02)
        assert 'check_state{check="Once"}' not in await values(source)


async def test_scripts_that_others_can_write_are_not_run(tmp_path: Path) -> None:
    folder = tmp_path / "local"
    path = write(folder / "open", "echo '0 Open - fine'", mode=0o777)
    async with running(local(folder)) as source:
        with pytest.raises(CollectorError, match=rf"^{path} can be written by others: chmod go-w {path}$"):
            await source.collect()


async def test_a_folder_that_is_missing(tmp_path: Path) -> None:
    async with running(local(tmp_path / "none")) as source:
        with pytest.raises(CollectorError, match="No such file or directory"):
            await source.collect()


async def test_plugins(tmp_path: Path) -> None:
    users = write(tmp_path / "check_users", "echo 'USERS WARNING - 7 users |users=7;5;10;0'; exit 1")
    mrpe = tmp_path / "mrpe.cfg"
    mrpe.write_text(f"Users%20in {users} -w 5\nMissing {tmp_path}/none\n")

    def scripts() -> list[Script]:
        own = plugin_script("Own", ("/bin/sh", "-c", "echo fine; exit 0"), 0.1, LIMITS)
        return [own, *read_mrpe(mrpe, 0.1, LIMITS)]

    async with running(scripts) as source:
        await until(
            source,
            {
                'check_state{check="Own"}': 0.0,
                'check_state{check="Users in"}': 1.0,
                'check_value{check="Users in", metric="users"}': 7.0,
                'check_script_success{script="Missing"}': 0.0,
            },
        )


async def test_a_configuration_of_mrpe_that_cannot_be_read(tmp_path: Path) -> None:
    mrpe = tmp_path / "mrpe.cfg"
    mrpe.write_text("alone\n")
    async with running(lambda: read_mrpe(mrpe, 1, LIMITS)) as source:
        with pytest.raises(CollectorError, match=rf"^{mrpe}: line 1: 'alone' is not NAME COMMAND$"):
            await source.collect()
