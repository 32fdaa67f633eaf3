"""Requests from pages of other origins: which may read answers, and none of which may change anything unasked."""

from __future__ import annotations

from collections.abc import Collection, MutableMapping
from typing import Any

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from vedette_server.api.errors import ApiError

ANY_ORIGIN = "*"
METHODS = "GET, POST, PUT, OPTIONS"
_MAX_AGE_S = "600"


class CrossOrigin:
    """Wraps an application: answers OPTIONS, and tells browsers that pages of the ``origins`` may read the answers."""

    def __init__(self, app: ASGIApp, origins: Collection[str]) -> None:
        self._app = app
        self._origins = frozenset(origins)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        origin = Headers(scope=scope).get("origin", "")
        allowed = self._allowed(origin) if origin else {}
        if scope["method"] == "OPTIONS":
            await Response(status_code=204, headers={"allow": METHODS, **allowed})(scope, receive, send)
        elif allowed:
            await self._app(scope, receive, _with_headers(send, allowed))
        else:
            await self._app(scope, receive, send)

    def _allowed(self, origin: str) -> dict[str, str]:
        anyone = ANY_ORIGIN in self._origins
        if not anyone and origin not in self._origins:
            return {}
        return {
            "access-control-allow-origin": ANY_ORIGIN if anyone else origin,
            "access-control-allow-methods": METHODS,
            "access-control-allow-headers": "Accept, Authorization, Content-Type, Origin",
            "access-control-expose-headers": "Date",
            "access-control-max-age": _MAX_AGE_S,
        }


def _with_headers(send: Send, headers: MutableMapping[str, str]) -> Send:
    async def wrapped(message: Message) -> None:
        if message["type"] == "http.response.start":
            fields: Any = MutableHeaders(raw=message["headers"])
            fields.update(headers)
            fields.add_vary_header("Origin")
        await send(message)

    return wrapped


def refuse_foreign(request: Request) -> None:
    """Refuse a change that a page of another origin asks for in its reader's name: a form needs no permission to post.

    Raises:
        ApiError: the request is such a one.
    """
    origin = request.headers.get("origin")
    own = f"{request.url.scheme}://{request.headers.get('host', '')}"
    if origin is not None and origin != own:
        raise ApiError("bad_data", f"a page of {origin} must not change anything here", status=403)
