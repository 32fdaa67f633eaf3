"""Whether the server lives and whether it is ready."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response


async def healthy(request: Request) -> Response:  # noqa: ARG001
    """Answer while the process runs."""
    return PlainTextResponse("Vedette Server is Healthy.\n")


async def ready(request: Request) -> Response:  # noqa: ARG001
    """Answer once samples can be taken and queries answered; the API listens no earlier."""
    return PlainTextResponse("Vedette Server is Ready.\n")
