"""Nagios plugins: those of MRPE's configuration and those of the agent's own."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from vedette_agent.children import ChildEnd, ChildLimits
from vedette_agent.errors import CollectorError
from vedette_agent.sources.checks.mrpe_format import parse_mrpe
from vedette_agent.sources.checks.nagios_format import parse_plugin_output
from vedette_agent.sources.checks.source import Script
from vedette_agent.sources.checks.values import CheckResult
from vedette_agent.sources.trusted import check_trusted

NOT_FOUND = (126, 127)


def plugin_script(name: str, command: tuple[str, ...], interval: float, limits: ChildLimits) -> Script:
    """Return a plugin that runs every ``interval`` seconds."""
    return Script(name, command, interval, limits, partial(_parse, name))


def read_mrpe(file: Path, interval: float, limits: ChildLimits) -> list[Script]:
    """Return the plugins that MRPE's configuration names.

    Raises:
        CollectorError, OSError: the file cannot be trusted, read or understood.
    """
    check_trusted(file)
    try:
        lines = parse_mrpe(file.read_text(encoding="utf-8"))
    except ValueError as error:
        raise CollectorError(f"{file}: {error}") from error
    return [plugin_script(line.name, line.command, line.interval or interval, limits) for line in lines]


def _parse(name: str, end: ChildEnd) -> Sequence[CheckResult]:
    assert end.code is not None
    if end.code in NOT_FOUND and not end.output:
        raise CollectorError(end.errors.decode("utf-8", "replace").strip()[:200] or f"exit code {end.code}")
    return [parse_plugin_output(name, end.code, end.output.decode("utf-8", "replace"))]
