"""From what was found to what is scraped: applications stand in the configuration as if they were named there."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from vedette_agent.apps.finder import Finder
from vedette_agent.apps.findings import Finding
from vedette_agent.config import AgentConfig
from vedette_shared.clock import Clock


def make_finder(config: AgentConfig, clock: Clock) -> Finder:
    """Return what finds applications, within the limits of sources."""
    return Finder(config.node.roots, config.limits.bytes, clock)


def with_findings(config: AgentConfig, findings: Sequence[Finding]) -> AgentConfig:
    """Return ``config`` with the applications found as if they were named in it."""
    named = {target.name for target in config.apps.target}
    targets = [target for one in findings if not one.problem for target in one.targets]
    new = tuple(target for target in targets if target.name not in named)
    return msgspec.structs.replace(config, apps=msgspec.structs.replace(config.apps, target=config.apps.target + new))


async def find(config: AgentConfig, finder: Finder) -> Sequence[Finding]:
    """Look, unless ``config`` says not to."""
    return await finder.look(config.apps) if config.apps.enabled else ()
