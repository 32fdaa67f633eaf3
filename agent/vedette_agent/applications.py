"""The running agent's sources kept in step with the applications of its host."""

from __future__ import annotations

from collections.abc import Sequence

import trio

from vedette_agent.agent import Agent
from vedette_agent.apps.finder import Finder
from vedette_agent.apps.findings import Finding
from vedette_agent.apps.follow import find, with_findings
from vedette_agent.config import AgentConfig
from vedette_shared.errors import VedetteError
from vedette_shared.logs import get_logger

_log = get_logger(__name__)


class Applications:
    """Looks for applications, and lets the agent change over when they are others than before.

    Args:
        agent: Runs.
        config: As it was loaded, without what was found.
        finder: Looks.
    """

    def __init__(self, agent: Agent, config: AgentConfig, finder: Finder) -> None:
        self.agent = agent
        self._config = config
        self._finder = finder
        self._findings: Sequence[Finding] = ()
        self._lock = trio.Lock()
        self._scope = trio.CancelScope()

    async def follow(self) -> None:
        """Look again and again, until ``stop``."""
        with self._scope:
            while True:
                await self._look()
                await trio.sleep(self._config.apps.interval.seconds)

    def stop(self) -> None:
        """Look no more."""
        self._scope.cancel()

    async def reload(self, config: AgentConfig) -> None:
        """Change over to ``config`` and what it leaves of the applications found.

        Raises:
            VedetteError: it cannot be had; nothing has changed.
        """
        self._finder.forget_unrecognised()
        findings = await find(config, self._finder)
        async with self._lock:
            await self.agent.reload(with_findings(config, findings))
            _warn(self._findings, findings)
            self._config, self._findings = config, findings

    async def _look(self) -> None:
        findings = await find(self._config, self._finder)
        async with self._lock:
            _warn(self._findings, findings)
            before, after = (with_findings(self._config, found) for found in (self._findings, findings))
            if before == after:
                self._findings = findings
                return
            try:
                with trio.CancelScope(shield=True):
                    await self.agent.reload(after)
            except VedetteError as error:
                _log.error("applications cannot be scraped", error=error)
                return
            self._findings = findings
            _tell(before, after)


def _warn(before: Sequence[Finding], after: Sequence[Finding]) -> None:
    """Of what would be scraped if the configuration let it, once."""
    known = {(one.listener, one.problem) for one in before}
    for one in after:
        if one.remedy and (one.listener, one.problem) not in known:
            _log.warning("application not scraped", socket=one.listener, problem=one.problem)


def _tell(before: AgentConfig, after: AgentConfig) -> None:
    old, new = ({target.name: target.url for target in config.apps.target} for config in (before, after))
    for name in new.keys() - old.keys():
        _log.info("application found", source=name, url=new[name])
    for name in old.keys() - new.keys():
        _log.info("application gone", source=name, url=old[name])
