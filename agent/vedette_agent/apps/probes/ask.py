"""Asks one socket what it is."""

from __future__ import annotations

from vedette_agent.apps.findings import Finding
from vedette_agent.apps.known import KUBELET, POOL
from vedette_agent.apps.probes.kubelet import ask_kubelet
from vedette_agent.apps.probes.pages import ask_pages, plain
from vedette_agent.apps.probes.pool import ask_pool
from vedette_agent.apps.probes.question import Question
from vedette_agent.apps.sockets import Listener


async def ask(question: Question) -> Finding:
    """Return what answers; the caller bounds the time."""
    listener = question.nobody.listener
    if POOL in question.possible:
        return await ask_pool(question)
    assert isinstance(listener, Listener)
    if KUBELET in question.possible:
        return await ask_kubelet(question, listener)
    return await ask_pages(question, plain(listener))
