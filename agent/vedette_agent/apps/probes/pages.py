"""Asks for the pages of those that may listen at a socket of TCP, over HTTP."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace

import msgspec
import trio

from vedette_agent.apps.config import TargetConfig
from vedette_agent.apps.errors import RefusalError
from vedette_agent.apps.fetch import Fetcher, make_http_fetcher
from vedette_agent.apps.findings import Finding
from vedette_agent.apps.known import Application, recognise
from vedette_agent.apps.page import read_page
from vedette_agent.apps.probes.question import Question
from vedette_agent.apps.sockets import Listener
from vedette_agent.errors import CollectorError
from vedette_shared.metrics import MetricFamily


def plain(listener: Listener) -> TargetConfig:
    """Return how pages are asked for where nothing is known of what listens."""
    return TargetConfig(f"http://{listener.authority}", "unknown")


async def ask_pages(question: Question, access: TargetConfig) -> Finding:
    """Return what the pages that there may be say.

    Args:
        question: The socket.
        access: Server and credentials; the paths are those of the applications.

    Raises:
        ConfigError: a file with a secret or a certificate cannot be read.
    """
    fetcher = make_http_fetcher(access, question.most_bytes)
    try:
        finding = await _ask_each(question, access, fetcher)
        further = await _further(finding, access, fetcher)
    finally:
        with trio.CancelScope(shield=True):
            await fetcher.aclose()
    return replace(finding, targets=finding.targets + further)


async def _ask_each(question: Question, access: TargetConfig, fetcher: Fetcher) -> Finding:
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
            target = msgspec.structs.replace(access, url=access.url + path, job=application.job, kind=kind)
            return replace(nobody, application=application, targets=(target,), evidence=evidence)
        problem = f"{path} is a page of metrics, of none that is known; name it in [[apps.target]] to have it"
    return replace(nobody, problem=problem)


def _known_page(
    families: Sequence[MetricFamily], kind: str, possible: Sequence[Application]
) -> tuple[Application, str] | None:
    if kind == "metrics":
        return recognise(sample.name for family in families for sample in family.samples)
    return next(one for one in possible if one.kind == kind), f"its status page, with {len(families)} families"


async def _further(finding: Finding, access: TargetConfig, fetcher: Fetcher) -> tuple[TargetConfig, ...]:
    """The other pages of what was recognised, as far as they are there."""
    found = []
    for job, path in finding.application.further if finding.application is not None else ():
        with suppress(CollectorError):
            await fetcher.fetch_path(path)
            found.append(msgspec.structs.replace(access, url=access.url + path, job=job))
    return tuple(found)
