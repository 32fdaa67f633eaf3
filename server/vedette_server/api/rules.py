"""``/api/v1/rules``, ``alerts`` and ``alertmanagers``: empty, as no rule files are evaluated yet."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from vedette_server.api.envelope import success


async def rules(request: Request) -> Response:  # noqa: ARG001
    """The groups of rules: none."""
    return success({"groups": []})


async def alerts(request: Request) -> Response:  # noqa: ARG001
    """The alerts of rules: none."""
    return success({"alerts": []})


async def alertmanagers(request: Request) -> Response:  # noqa: ARG001
    """The Alertmanagers that alerts are sent to: none, notification is built in."""
    return success({"activeAlertmanagers": [], "droppedAlertmanagers": []})
