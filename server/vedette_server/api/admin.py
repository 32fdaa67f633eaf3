"""``/api/v1/admin/tsdb/*`` and ``/-/reload``: what changes the server."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import trio
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from vedette_server.api.cors import refuse_foreign
from vedette_server.api.envelope import success
from vedette_server.api.errors import ApiError
from vedette_server.api.parameters import Parameters
from vedette_server.api.selectors import required_selectors
from vedette_server.storage.interface import Matcher
from vedette_shared.errors import VedetteError
from vedette_shared.logs import get_logger

_log = get_logger(__name__)

DISABLED = "admin APIs disabled; set admin = true in the table [api] of the configuration to allow them"


class AdministeredStore(Protocol):
    """What a store lets administrators do."""

    async def delete(self, matchers: Sequence[Matcher], start: int, end: int) -> None:
        """Delete the samples of the series that match with ``start <= t <= end`` (ms)."""
        ...

    async def clean(self) -> None:
        """Return when all that was deleted has left the disk."""
        ...


@dataclass(frozen=True, slots=True)
class AdminEndpoints:
    """Changes the store, and has the configuration read anew.

    Attributes:
        enabled: Whether the store may be changed over HTTP.
        snapshot: Copies the store to a new folder and returns its name; blocks.
        reload: Reads the configuration anew; returns what is wrong with it, or nothing.
    """

    store: AdministeredStore
    enabled: bool
    snapshot: Callable[[], str]
    reload: Callable[[], str]

    async def delete_series(self, request: Request) -> Response:
        """Delete the samples from ``start`` to ``end`` of the series that any ``match[]`` selects."""
        self._check(request)
        parameters = await Parameters.of(request)
        chosen = required_selectors(parameters)
        start, end = parameters.time_range()
        for matchers in chosen:
            await self.store.delete(matchers, start, end)
        _log.warning("series deleted", match=parameters.all("match[]"), start=start, end=end)
        return Response(status_code=204)

    async def clean_tombstones(self, request: Request) -> Response:
        """Let what was deleted leave the disk; answer when it has."""
        self._check(request)
        await self.store.clean()
        return Response(status_code=204)

    async def take_snapshot(self, request: Request) -> Response:
        """Copy the store; the log is part of the copy even with ``skip_head``, since blocks alone are not all of it."""
        self._check(request)
        try:
            name = await trio.to_thread.run_sync(self.snapshot)
        except VedetteError as error:
            raise ApiError("internal", str(error)) from error
        _log.info("snapshot taken", name=name)
        return success({"name": name})

    async def reload_configuration(self, request: Request) -> Response:
        """Read the configuration anew, as at SIGHUP: all of it or nothing."""
        refuse_foreign(request)
        error = self.reload()
        if error:
            return PlainTextResponse(f"failed to reload config: {error}\n", 500)
        return Response()

    def _check(self, request: Request) -> None:
        if not self.enabled:
            raise ApiError("unavailable", DISABLED)
        refuse_foreign(request)
