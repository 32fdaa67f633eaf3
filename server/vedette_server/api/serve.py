"""The API on its port: Starlette behind Hypercorn, on trio."""

from __future__ import annotations

import socket

import trio
from hypercorn.config import Config
from hypercorn.trio import serve
from starlette.applications import Starlette

GRACEFUL_TIMEOUT_S = 3.0


async def serve_api(
    app: Starlette, listener: socket.socket, *, task_status: trio.TaskStatus[list[str]] = trio.TASK_STATUS_IGNORED
) -> None:
    """Serve ``app`` on ``listener``, which this closes, until cancelled."""
    config = Config()
    config.bind = [f"fd://{listener.detach()}"]
    config.accesslog = None
    config.errorlog = None
    config.graceful_timeout = GRACEFUL_TIMEOUT_S
    config.include_server_header = False
    await serve(app, config, mode="asgi", task_status=task_status)  # type: ignore[arg-type]  # Starlette is ASGI 3
