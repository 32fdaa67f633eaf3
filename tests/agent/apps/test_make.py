"""Which change of a configuration, or of what it names, asks for another source."""

from collections.abc import Callable
from pathlib import Path

import pytest

from vedette_agent.apps.config import AppsConfig, TargetConfig
from vedette_agent.apps.make import plan_apps
from vedette_agent.apps.source import AppSource
from vedette_shared.clock import ManualClock
from vedette_shared.errors import ConfigError

URL = "https://127.0.0.1:10250/metrics"


def plan(target: TargetConfig) -> tuple[object, Callable[[], AppSource]]:
    """What decides whether the source is the same, and how it is made."""
    config = AppsConfig(target=(target,))
    ((_, spec, make),) = plan_apps(
        config, interval_ms=15_000, timeout=10.0, host="h", labels={}, most_bytes=1 << 20, clock=ManualClock(0)
    )
    return spec, make


def test_authorities(tmp_path: Path) -> None:
    """What its file holds decides, not its name alone."""
    target = TargetConfig(URL, "kubelet", ca_file=tmp_path / "ca.pem")
    (tmp_path / "ca.pem").write_text("one")
    before, _ = plan(target)
    assert plan(target)[0] == before
    (tmp_path / "ca.pem").write_text("two")
    assert plan(target)[0] != before


def test_authorities_that_are_away(tmp_path: Path) -> None:
    """Said when the source is made, with the file's name."""
    target = TargetConfig(URL, "kubelet", ca_file=tmp_path / "ca.pem")
    _, make = plan(target)
    with pytest.raises(ConfigError, match=f"{tmp_path / 'ca.pem'}: no certificates can be read"):
        make()
