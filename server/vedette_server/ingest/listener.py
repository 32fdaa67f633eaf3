"""The ingest port: HTTP in, the receiver's answers out."""

from __future__ import annotations

import socket
from collections.abc import Sequence

import trio

from vedette_server.ingest.receiver import Receiver
from vedette_shared.http import Gather, Limits, Request, Response, serve_batches

PUSH_PATH = "/v1/push"

GATHER = Gather(per_client=0.005, most=1.0)
"""Agents share reads, an fsync and all that goes with it. An agent may wait so long for its answer."""

LIMITS = Limits(connections=16_384)


async def serve_ingest(
    receiver: Receiver,
    listeners: Sequence[socket.socket],
    *,
    task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED,
) -> None:
    """Serve the ingest port until cancelled; the listeners are closed at the end."""
    await serve_batches(IngestHandler(receiver), listeners, LIMITS, gather=GATHER, task_status=task_status)


class IngestHandler:
    """Answers the requests of the ingest port, batch by batch."""

    def __init__(self, receiver: Receiver) -> None:
        self._receiver = receiver

    async def __call__(self, requests: Sequence[Request]) -> list[Response]:
        """Take pushes; anything else is told what this port is for."""
        refusals = [_refusal(request) for request in requests]
        bodies = [request.body for request, refusal in zip(requests, refusals, strict=True) if refusal is None]
        answers = iter(await self._receiver.take(bodies) if bodies else ())
        return [next(answers) if refusal is None else refusal for refusal in refusals]


def _refusal(request: Request) -> Response | None:
    """What a request is told that is no push."""
    if request.path != PUSH_PATH:
        return Response(404, b"this port takes pushed frames at /v1/push\n")
    if request.method != "POST":
        return Response(405, b"frames are pushed by POST\n", headers=[("Allow", "POST")])
    if request.header("content-encoding") != "zstd":
        return Response(415, b"the body must be a message of frames with Content-Encoding: zstd\n")
    return None
