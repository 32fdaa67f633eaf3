"""Asks one socket what it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import trio

from vedette_agent.apps.config import TargetConfig
from vedette_agent.apps.errors import RefusalError
from vedette_agent.apps.fetch import Fetcher
from vedette_agent.apps.findings import Finding
from vedette_agent.apps.known import POOL, Application, recognise
from vedette_agent.apps.page import read_page
from vedette_agent.apps.php_pools import Pool
from vedette_agent.apps.pool import PoolFetcher
from vedette_agent.apps.sockets import Listener, UnixListener
from vedette_agent.errors import CollectorError
from vedette_shared.metrics import MetricFamily


@dataclass(frozen=True, slots=True)
class Question:
    """What is to be asked.

    Attributes:
        nobody: The socket, of which nothing is known yet.
        possible: What it may be.
        pool: The pool of PHP-FPM that listens there, where its configuration could be read.
    """

    nobody: Finding
    possible: Sequence[Application]
    pool: Pool | None = None


async def ask(question: Question, most_bytes: int) -> Finding:
    """Return what answers; the caller bounds the time.

    Args:
        question: The socket, and what it may be.
        most_bytes: Of a page.
    """
    listener = question.nobody.listener
    if POOL in question.possible:
        return await _ask_pool(question.nobody, question.pool, most_bytes)
    assert isinstance(listener, Listener)
    fetcher = Fetcher(f"http://{listener.authority}", most_bytes)
    try:
        return await _ask_pages(question, fetcher)
    finally:
        with trio.CancelScope(shield=True):
            await fetcher.aclose()


async def _ask_pages(question: Question, fetcher: Fetcher) -> Finding:
    nobody, possible = question.nobody, question.possible
    problem = ""
    for kind, path in dict.fromkeys((one.kind, path) for one in possible for path in one.paths):
        try:
            body, content_type = await fetcher.fetch_path(path)
        except RefusalError as error:
            problem = problem or str(error)
            continue
        except CollectorError as error:
            return replace(nobody, problem=f"does not answer as HTTP has it: {error}")
        try:
            families = read_page(body, content_type, kind).families
        except CollectorError as error:
            problem = problem or f"{path}: {error}"
            continue
        known = _known_page(families, kind, possible)
        if known is not None:
            application, evidence = known
            target = TargetConfig(fetcher.base + path, application.job, kind)
            return replace(nobody, application=application, target=target, evidence=evidence)
        problem = f"{path} is a page of metrics, of none that is known; name it in [[apps.target]] to have it"
    return replace(nobody, problem=problem)


def _known_page(
    families: Sequence[MetricFamily], kind: str, possible: Sequence[Application]
) -> tuple[Application, str] | None:
    if kind == "metrics":
        return recognise(sample.name for family in families for sample in family.samples)
    return next(one for one in possible if one.kind == kind), _evidence(families)


async def _ask_pool(nobody: Finding, pool: Pool | None, most_bytes: int) -> Finding:
    (path,) = POOL.paths
    if pool is not None:
        if not pool.status_path:
            return replace(
                nobody, problem=f"pool {pool.name} has no status page; pm.status_path = {path} would set one"
            )
        if pool.status_listen not in (None, nobody.listener.place):
            return replace(nobody, problem=f"the status of pool {pool.name} is asked for at {pool.status_listen}")
        path = pool.status_path
    url = _url_of_pool(nobody.listener) + (f"#{path}" if (path,) != POOL.paths else "")
    try:
        body, content_type = await PoolFetcher(url, most_bytes).fetch()
        families = read_page(body, content_type, POOL.kind, url).families
    except CollectorError as error:
        return replace(nobody, problem=str(error))
    target = TargetConfig(url, POOL.job, POOL.kind)
    return replace(nobody, application=POOL, target=target, evidence=_evidence(families))


def _url_of_pool(listener: Listener | UnixListener) -> str:
    return f"unix:{listener.path}" if isinstance(listener, UnixListener) else f"tcp://{listener.authority}"


def _evidence(families: Sequence[MetricFamily]) -> str:
    return f"its status page, with {len(families)} families"
