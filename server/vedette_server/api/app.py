"""The API's routes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from vedette_server.api import health, parsing, rules
from vedette_server.api.admin import AdminEndpoints
from vedette_server.api.cors import CrossOrigin
from vedette_server.api.envelope import Endpoint, answered, failure
from vedette_server.api.events import EventEndpoints
from vedette_server.api.federate import Federation
from vedette_server.api.fleet import FleetEndpoints
from vedette_server.api.own_metrics import OwnMetrics
from vedette_server.api.queries import Queries
from vedette_server.api.remote import RemoteRead
from vedette_server.api.series import SeriesEndpoints
from vedette_server.api.status import StatusEndpoints
from vedette_server.api.targets import TargetEndpoints
from vedette_server.api.tsdb import TsdbEndpoints

GET, GET_POST, POST_PUT = ("GET",), ("GET", "POST"), ("POST", "PUT")


@dataclass(frozen=True, slots=True)
class Endpoints:
    """What serves the routes."""

    queries: Queries
    series: SeriesEndpoints
    targets: TargetEndpoints
    status: StatusEndpoints
    tsdb: TsdbEndpoints
    admin: AdminEndpoints
    federation: Federation
    remote_read: RemoteRead
    fleet: FleetEndpoints
    events: EventEndpoints
    own_metrics: OwnMetrics


class QuickRoutes:
    """Finds the endpoint of a plain path at once; what it does not find goes to the application with all routes.

    Guarded endpoints raise nothing, so they need none of the layers that an application wraps around its routes.
    """

    def __init__(self, endpoints: Mapping[tuple[str, str], Endpoint], app: ASGIApp) -> None:
        """``endpoints`` is by method and path."""
        self._endpoints = endpoints
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        endpoint = self._endpoints.get((scope["method"], scope["path"])) if scope["type"] == "http" else None
        if endpoint is None:
            await self._app(scope, receive, send)
            return
        response = await endpoint(Request(scope, receive, send))
        await response(scope, receive, send)


def build_app(endpoints: Endpoints, refusals: Counter[str], origins: Collection[str] = ()) -> ASGIApp:
    """Return the ASGI application that serves all of the API.

    Args:
        endpoints: What serves the routes.
        refusals: Where exceeded limits are counted, by name.
        origins: The origins whose pages may read the answers.
    """
    table = [(path, answered(endpoint, refusals), methods) for path, endpoint, methods in _table(endpoints)]
    app = Starlette(
        routes=[Route(path, endpoint, methods=methods) for path, endpoint, methods in table],
        exception_handlers={404: _not_found, 405: _wrong_method},
    )
    plain = {(method, path): endpoint for path, endpoint, methods in table if "{" not in path for method in methods}
    return CrossOrigin(QuickRoutes(plain, app), origins)


def _table(endpoints: Endpoints) -> list[tuple[str, Endpoint, tuple[str, ...]]]:
    """Every path with what serves it and the methods that it takes."""
    queries, series, targets = endpoints.queries, endpoints.series, endpoints.targets
    status, admin, fleet = endpoints.status, endpoints.admin, endpoints.fleet
    return [
        ("/api/v1/query", queries.query, GET_POST),
        ("/api/v1/query_range", queries.query_range, GET_POST),
        ("/api/v1/query_exemplars", parsing.query_exemplars, GET_POST),
        ("/api/v1/format_query", parsing.format_expression, GET_POST),
        ("/api/v1/parse_query", parsing.parse_expression, GET_POST),
        ("/api/v1/labels", series.labels, GET_POST),
        ("/api/v1/label/{name}/values", series.label_values, GET),
        ("/api/v1/series", series.series, GET_POST),
        ("/api/v1/metadata", targets.metadata, GET),
        ("/api/v1/targets", targets.targets, GET),
        ("/api/v1/targets/metadata", targets.target_metadata, GET),
        ("/api/v1/scrape_pools", targets.scrape_pools, GET),
        ("/api/v1/read", endpoints.remote_read.read, ("POST",)),
        ("/federate", endpoints.federation.page, GET),
        ("/api/v1/rules", rules.rules, GET),
        ("/api/v1/alerts", rules.alerts, GET),
        ("/api/v1/alertmanagers", rules.alertmanagers, GET),
        ("/api/v1/status/buildinfo", status.build_info, GET),
        ("/api/v1/status/runtimeinfo", status.runtime_info, GET),
        ("/api/v1/status/config", status.config, GET),
        ("/api/v1/status/flags", status.show_flags, GET),
        ("/api/v1/status/walreplay", status.wal_replay, GET),
        ("/api/v1/status/tsdb", endpoints.tsdb.status, GET),
        ("/api/v1/status/tsdb/blocks", endpoints.tsdb.show_blocks, GET),
        ("/api/v1/admin/tsdb/delete_series", admin.delete_series, POST_PUT),
        ("/api/v1/admin/tsdb/clean_tombstones", admin.clean_tombstones, POST_PUT),
        ("/api/v1/admin/tsdb/snapshot", admin.take_snapshot, POST_PUT),
        ("/api/fleet/v1/summary", fleet.summary, GET),
        ("/api/fleet/v1/hosts", fleet.hosts, GET),
        ("/api/fleet/v1/hosts/{host}/services", fleet.services, GET),
        ("/api/fleet/v1/events", endpoints.events.events, GET),
        ("/metrics", endpoints.own_metrics.page, GET),
        ("/-/healthy", health.healthy, GET),
        ("/-/ready", health.ready, GET),
        ("/-/reload", admin.reload_configuration, POST_PUT),
    ]


async def _not_found(request: Request, error: Exception) -> Response:  # noqa: ARG001
    return failure("not_found", f"there is nothing at {request.url.path}")


async def _wrong_method(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    allowed = ", ".join(sorted((error.headers or {}).get("Allow", "").split(", ")))
    response = failure("bad_data", f"{request.method} is not allowed here; the methods are {allowed}", 405)
    response.headers["allow"] = allowed
    return response
