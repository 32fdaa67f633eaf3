"""The API on its port: Starlette behind Hypercorn, on trio."""

from __future__ import annotations

import socket

import trio
from hypercorn.config import Config
from hypercorn.trio import serve
from starlette.applications import Starlette

GRACEFUL_TIMEOUT_S = 3.0
HEAD_BYTES = 128 * 2**10
"""The longest request line with its headers; a long query may stand in it."""

STALLED_MS = 60_000
"""A client that reads nothing for so long is dropped by the kernel; Hypercorn itself would wait for ever."""


async def serve_api(
    app: Starlette,
    listener: socket.socket,
    *,
    stalled_ms: int = STALLED_MS,
    task_status: trio.TaskStatus[list[str]] = trio.TASK_STATUS_IGNORED,
) -> None:
    """Serve ``app`` on ``listener``, which this closes, until cancelled."""
    if listener.family != socket.AF_UNIX:
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, stalled_ms)
    config = Config()
    config.bind = [f"fd://{listener.detach()}"]
    config.accesslog = None
    config.errorlog = None
    config.graceful_timeout = GRACEFUL_TIMEOUT_S
    config.include_server_header = False
    config.h11_max_incomplete_size = HEAD_BYTES
    await serve(app, config, mode="asgi", task_status=task_status)  # type: ignore[arg-type]  # Starlette is ASGI 3
