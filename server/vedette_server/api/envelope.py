"""The envelope of every answer: a status, then data with warnings, or an error with its type."""

from __future__ import annotations

import traceback
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeAlias

import msgspec
import trio
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from vedette_server.api.bodies import Pieces, compressed, respond
from vedette_server.api.errors import STATUSES, ApiError
from vedette_server.api.texts import valid_text
from vedette_server.promql.errors import PromQLError
from vedette_server.state import StateError
from vedette_server.storage.errors import StorageError
from vedette_shared.logs import get_logger

_log = get_logger(__name__)

Endpoint: TypeAlias = Callable[[Request], Awaitable[Response]]

JSON = "application/json"


def success(data: object, warnings: Sequence[str] = (), infos: Sequence[str] = ()) -> Response:
    """Answer with ``data``: anything msgspec encodes."""
    return Response(
        b'{"status":"success","data":' + msgspec.json.encode(data) + _tail(warnings, infos), media_type=JSON
    )


def success_in_pieces(
    data: Pieces, limiter: trio.CapacityLimiter, warnings: Sequence[str] = (), infos: Sequence[str] = ()
) -> Response:
    """Answer with data that is JSON already; for a worker thread. See ``bodies.respond``."""

    def enveloped() -> Pieces:
        yield b'{"status":"success","data":'
        yield from data
        yield _tail(warnings, infos)

    return respond(enveloped(), JSON, limiter)


def failure(error_type: str, message: str, status: int = 0) -> Response:
    """Answer with an error; its type gives the status where none is said."""
    body = {"status": "error", "errorType": error_type, "error": valid_text(message)}
    return Response(msgspec.json.encode(body), status or STATUSES.get(error_type, 500), media_type=JSON)


def answered(endpoint: Endpoint, refusals: Counter[str]) -> Endpoint:
    """Wrap an endpoint: what goes wrong for known reasons is answered in the envelope; answers are compressed.

    Args:
        endpoint: What to wrap.
        refusals: Where exceeded limits are counted, by name.
    """

    async def guarded(request: Request) -> Response:
        try:
            return await compressed(request, await endpoint(request))
        except (ApiError, PromQLError) as error:
            if error.limit:
                refusals[error.limit] += 1
            return failure(error.error_type, str(error), error.status if isinstance(error, ApiError) else 0)
        except (StorageError, StateError) as error:
            return failure("internal", str(error))
        except ClientDisconnect:
            return failure("canceled", "the client left")
        except Exception as error:  # noqa: BLE001  a defect behind one endpoint is told, and harms no other
            _log.error("request failed", path=request.url.path, error=repr(error), trace=traceback.format_exc())
            return failure("internal", "internal error; the server's log has more")

    return guarded


def _tail(warnings: Sequence[str], infos: Sequence[str]) -> bytes:
    tail = b""
    if warnings:
        tail += b',"warnings":' + msgspec.json.encode([*map(valid_text, warnings)])
    if infos:
        tail += b',"infos":' + msgspec.json.encode([*map(valid_text, infos)])
    return tail + b"}"
