"""Asks what may be a kubelet: over TLS where it speaks that, with what the configuration names to be let in.

Source: Kubernetes' documentation of the kubelet's authentication. Its certificate, unless a cluster signs it, is of an
authority of its own (``/var/lib/kubelet/pki/kubelet.crt`` holds both), for the name of the node.
"""

from __future__ import annotations

import ssl
from dataclasses import replace

import msgspec
import trio

from vedette_agent.apps.config import KubeletConfig, TargetConfig
from vedette_agent.apps.findings import Finding
from vedette_agent.apps.probes.pages import ask_pages, plain
from vedette_agent.apps.probes.question import Question
from vedette_agent.apps.sockets import Listener
from vedette_agent.credentials import trusting_anybody
from vedette_shared.errors import ConfigError

REMEDY = """\
[apps.kubelet]
bearer_token_file = "/etc/vedette/kubelet.token"    # of an account that may get nodes/metrics
ca_file = "/var/lib/kubelet/pki/kubelet.crt"        # or tls_insecure = true
server_name = "NODE"                                # as the certificate has it
"""


async def ask_kubelet(question: Question, listener: Listener) -> Finding:
    """Return what answers. The token is shown to a certificate that is trusted, or to any with ``tls_insecure``."""
    if not await _speaks_tls(listener):
        return await ask_pages(question, plain(listener))
    known = question.kubelet
    try:
        finding = await ask_pages(question, _access(listener, known))
    except ConfigError as error:
        finding = replace(question.nobody, problem=str(error))
    if finding.application is not None:
        return finding
    problem = f"speaks TLS: {finding.problem}; [apps.kubelet] lets the agent in"
    if known is not None:
        problem = f"with [apps.kubelet]: {finding.problem}"
    return replace(finding, problem=problem, remedy=REMEDY)


def _access(listener: Listener, known: KubeletConfig | None) -> TargetConfig:
    base = msgspec.structs.replace(plain(listener), url=f"https://{listener.authority}", tls_insecure=True)
    if known is None:
        return base
    return msgspec.structs.replace(
        base,
        bearer_token_file=known.bearer_token_file,
        ca_file=known.ca_file,
        server_name=known.server_name,
        tls_insecure=known.tls_insecure,
    )


async def _speaks_tls(listener: Listener) -> bool:
    """Whether a handshake comes to its end; whose certificate it is, is not asked yet."""
    try:
        plain_stream = await trio.open_tcp_stream(listener.reached_at, listener.port)
    except OSError:
        return False
    stream = trio.SSLStream(plain_stream, trusting_anybody(), https_compatible=True)
    try:
        await stream.do_handshake()
    except (trio.BrokenResourceError, ssl.SSLError, OSError):
        return False
    else:
        return True
    finally:
        with trio.CancelScope(shield=True):
            await trio.aclose_forcefully(stream)
