"""One request to ``/api/v1``, and what went wrong with it in one line."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import httpx
import msgspec

from vedette_shared.errors import ServerUnreachableError, UsageError, VedetteError

DEFAULT_SERVER = "http://127.0.0.1:9470"
TIMEOUT_S = 130.0


class QueryError(VedetteError):
    """The server refused the query or failed at it; the text is the server's."""


def ask(server: str, path: str, parameters: Mapping[str, str]) -> tuple[dict[str, Any], list[str]]:
    """Return (the data of the answer, its warnings and infos).

    Raises:
        UsageError: the URL is not one.
        ServerUnreachableError: nothing answers there.
        QueryError: the server refused the query.
    """
    try:
        answer = httpx.post(f"{server.rstrip('/')}/api/v1/{path}", data=dict(parameters), timeout=TIMEOUT_S)
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
    return body["data"], [*body.get("warnings", ()), *body.get("infos", ())]
