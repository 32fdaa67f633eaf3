"""The ingest port: HTTP in, the receiver's answers out."""

from __future__ import annotations

from vedette_server.ingest.receiver import Receiver
from vedette_shared.http import Request, Response

PUSH_PATH = "/v1/push"
JSON = "application/json"


class IngestHandler:
    """Answers the requests of the ingest port."""

    def __init__(self, receiver: Receiver) -> None:
        self._receiver = receiver

    async def __call__(self, request: Request) -> Response:
        """Take a push; anything else is told what this port is for."""
        if request.path != PUSH_PATH:
            return Response(404, b"this port takes pushed frames at /v1/push\n")
        if request.method != "POST":
            return Response(405, b"frames are pushed by POST\n", headers=[("Allow", "POST")])
        if request.header("content-encoding") != "zstd":
            return Response(415, b"the body must be a message of frames with Content-Encoding: zstd\n")
        answer = await self._receiver.take(request.body)
        return Response(answer.status, answer.body, JSON, answer.headers)
