"""Whether the server lives, whether it is ready, and what it is."""

from __future__ import annotations

import platform

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from vedette_server.api.envelope import success
from vedette_shared import __version__


async def healthy(request: Request) -> Response:  # noqa: ARG001
    """Answer while the process runs."""
    return PlainTextResponse("Vedette Server is Healthy.\n")


async def ready(request: Request) -> Response:  # noqa: ARG001
    """Answer once samples can be taken and queries answered; the API listens no earlier."""
    return PlainTextResponse("Vedette Server is Ready.\n")


async def build_info(request: Request) -> Response:  # noqa: ARG001
    """The version, as Grafana asks for it; no ``features``, which it would take for another product's."""
    return success({"version": __version__, "application": "vedette", "pythonVersion": platform.python_version()})
