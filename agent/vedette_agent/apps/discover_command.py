"""``vedette agent discover``: which applications run here, how each was recognised, and what would pin it."""

from __future__ import annotations

import json
from collections.abc import Sequence

import msgspec

from vedette_agent.apps.config import TargetConfig
from vedette_agent.apps.findings import Finding
from vedette_agent.apps.follow import make_finder
from vedette_agent.apps.sockets import UnixListener
from vedette_agent.config import AgentConfig
from vedette_shared.clock import SystemClock

_COLUMNS = ("socket", "process", "job", "recognised by", "scraped")


async def print_applications(config: AgentConfig, *, as_json: bool) -> bytes:
    """Look now, and return what to print; it looks where the configuration says not to, too."""
    findings = await make_finder(config, SystemClock()).look(config.apps)
    if as_json:
        return msgspec.json.encode([_as_object(one) for one in findings]) + b"\n"
    if not findings:
        return b"no applications: nothing that listens on this host is known\n"
    rows = [_COLUMNS, *map(_row, findings)]
    widths = [max(len(row[i]) for row in rows) for i in range(len(_COLUMNS))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    pins = [_toml(target) for one in findings if not one.problem for target in one.targets]
    if pins:
        lines += ["", "# in agent.toml, these would pin what was found:", *pins]
    for one in findings:
        if one.remedy:
            lines += ["", f"# in agent.toml, this would let the agent in at {one.listener}:", one.remedy]
    return "\n".join([*lines, ""]).encode()


def _row(finding: Finding) -> Sequence[str]:
    known = finding.application
    return (
        str(finding.listener),
        finding.process or "-",
        known.job if known is not None else "-",
        finding.evidence or "-",
        finding.problem or "yes",
    )


def _as_object(finding: Finding) -> dict[str, object]:
    known, listener = finding.application, finding.listener
    address, port = (listener.path, None) if isinstance(listener, UnixListener) else (listener.address, listener.port)
    return {
        "address": address,
        "port": port,
        "process": finding.process,
        "job": known.job if known is not None else "",
        "title": known.title if known is not None else "",
        "kind": known.kind if known is not None else "",
        "urls": [target.url for target in finding.targets],
        "evidence": finding.evidence,
        "scraped": not finding.problem,
        "problem": finding.problem,
        "remedy": finding.remedy,
    }


def _toml(target: TargetConfig) -> str:
    usual = TargetConfig(target.url, target.job)
    keys = [key for key in target.__struct_fields__ if getattr(target, key) != getattr(usual, key)]
    lines = [f"{key} = {_toml_value(getattr(target, key))}" for key in ("url", "job", *keys)]
    return "\n".join(["[[apps.target]]", *lines, ""])


def _toml_value(value: object) -> str:
    # A basic string of TOML is written as one of JSON is.
    return str(value).lower() if isinstance(value, bool) else json.dumps(str(value))
