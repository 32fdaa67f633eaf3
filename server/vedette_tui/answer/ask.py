"""One request to the API, and what went wrong with it in one line."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import httpx
import msgspec

from vedette_shared.errors import ServerUnreachableError, UsageError, VedetteError

DEFAULT_SERVER = "http://127.0.0.1:9470"
TIMEOUT_S = 130.0


class QueryError(VedetteError):
    """The server refused the query or failed at it; the text is the server's."""


def ask(server: str, path: str, parameters: Mapping[str, str]) -> tuple[dict[str, Any], list[str]]:
    """Post to ``/api/v1``; return (the data of the answer, its warnings and infos).

    Raises:
        UsageError: the URL is not one.
        ServerUnreachableError: nothing answers there.
        QueryError: the server refused the query.
    """
    body = _body(server, lambda url: httpx.post(f"{url}/api/v1/{path}", data=dict(parameters), timeout=TIMEOUT_S))
    return body["data"], [*body.get("warnings", ()), *body.get("infos", ())]


def ask_fleet(server: str, path: str, parameters: Mapping[str, str]) -> dict[str, Any]:
    """Return the data of the answer from ``/api/fleet/v1``. Raises as ``ask``."""
    fleet = f"api/fleet/v1/{path}"
    data: dict[str, Any] = _body(
        server, lambda url: httpx.get(f"{url}/{fleet}", params=dict(parameters), timeout=TIMEOUT_S)
    )["data"]
    return data


def _body(server: str, request: Callable[[str], httpx.Response]) -> dict[str, Any]:
    try:
        answer = request(server.rstrip("/"))
    except (httpx.UnsupportedProtocol, httpx.InvalidURL) as error:
        raise UsageError(f"{server!r} is not the URL of a server; write it like {DEFAULT_SERVER}") from error
    except httpx.HTTPError as error:
        raise ServerUnreachableError(
            f"no server answers at {server}: {error}; name another one with --server"
        ) from error
    try:
        body = msgspec.json.decode(answer.content, type=dict[str, Any])
    except msgspec.DecodeError as error:
        raise QueryError(f"what answers at {server} is not a Vedette server (status {answer.status_code})") from error
    if body.get("status") != "success":
        raise QueryError(str(body.get("error", f"status {answer.status_code} without a reason")))
    return body
