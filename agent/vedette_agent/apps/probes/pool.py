"""Asks a pool of PHP-FPM for its status."""

from __future__ import annotations

from dataclasses import replace

from vedette_agent.apps.config import TargetConfig
from vedette_agent.apps.findings import Finding
from vedette_agent.apps.known import POOL
from vedette_agent.apps.page import read_page
from vedette_agent.apps.pool import PoolFetcher
from vedette_agent.apps.probes.question import Question
from vedette_agent.apps.sockets import Listener, UnixListener
from vedette_agent.errors import CollectorError


async def ask_pool(question: Question) -> Finding:
    """Return what a pool, or what may be one, answers over FastCGI."""
    nobody, pool = question.nobody, question.pool
    (path,) = POOL.paths
    if pool is not None:
        if not pool.status_path:
            return replace(
                nobody, problem=f"pool {pool.name} has no status page; pm.status_path = {path} would set one"
            )
        if pool.status_listen not in (None, nobody.listener.place):
            return replace(nobody, problem=f"the status of pool {pool.name} is asked for at {pool.status_listen}")
        path = pool.status_path
    url = _url(nobody.listener) + (f"#{path}" if (path,) != POOL.paths else "")
    try:
        body, content_type = await PoolFetcher(url, question.most_bytes).fetch()
        families = read_page(body, content_type, POOL.kind, url).families
    except CollectorError as error:
        return replace(nobody, problem=str(error))
    evidence = f"its status page, with {len(families)} families"
    return replace(nobody, application=POOL, targets=(TargetConfig(url, POOL.job, POOL.kind),), evidence=evidence)


def _url(listener: Listener | UnixListener) -> str:
    return f"unix:{listener.path}" if isinstance(listener, UnixListener) else f"tcp://{listener.authority}"
