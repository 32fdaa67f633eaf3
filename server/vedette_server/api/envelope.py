"""The envelope of every answer: a status, then data with warnings, or an error with its type."""

from __future__ import annotations

import traceback
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeAlias

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from vedette_server.api.errors import STATUSES, ApiError
from vedette_server.promql.errors import PromQLError
from vedette_server.storage.errors import StorageError
from vedette_shared.logs import get_logger

_log = get_logger(__name__)

Endpoint: TypeAlias = Callable[[Request], Awaitable[Response]]

JSON = "application/json"


def success(data: object, warnings: Sequence[str] = (), infos: Sequence[str] = ()) -> Response:
    """Answer with ``data``: anything msgspec encodes, or ``msgspec.Raw`` that is JSON already."""
    body: dict[str, object] = {"status": "success", "data": data}
    if warnings:
        body["warnings"] = list(warnings)
    if infos:
        body["infos"] = list(infos)
    return Response(msgspec.json.encode(body), media_type=JSON)


def failure(error_type: str, message: str) -> Response:
    """Answer with an error."""
    body = {"status": "error", "errorType": error_type, "error": message}
    return Response(msgspec.json.encode(body), STATUSES.get(error_type, 500), media_type=JSON)


def answered(endpoint: Endpoint) -> Endpoint:
    """Wrap an endpoint so that what goes wrong for known reasons is answered in the envelope."""

    async def guarded(request: Request) -> Response:
        try:
            return await endpoint(request)
        except (ApiError, PromQLError) as error:
            return failure(error.error_type, str(error))
        except StorageError as error:
            return failure("internal", str(error))
        except Exception as error:  # noqa: BLE001  a defect behind one endpoint is told, and harms no other
            _log.error("request failed", path=request.url.path, error=repr(error), trace=traceback.format_exc())
            return failure("internal", "internal error; the server's log has more")

    return guarded
