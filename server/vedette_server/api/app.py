"""The API's routes."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from vedette_server.api import health, rules
from vedette_server.api.envelope import Endpoint, answered, failure
from vedette_server.api.fleet import FleetEndpoints
from vedette_server.api.own_metrics import OwnMetrics
from vedette_server.api.queries import Queries
from vedette_server.api.series import SeriesEndpoints
from vedette_server.api.status import StatusEndpoints
from vedette_server.api.targets import TargetEndpoints

GET, GET_POST = ("GET",), ("GET", "POST")


@dataclass(frozen=True, slots=True)
class Endpoints:
    """What serves the routes."""

    queries: Queries
    series: SeriesEndpoints
    targets: TargetEndpoints
    status: StatusEndpoints
    fleet: FleetEndpoints
    own_metrics: OwnMetrics


def build_app(endpoints: Endpoints) -> Starlette:
    """Return the ASGI application that serves all of the API."""
    queries, series, targets = endpoints.queries, endpoints.series, endpoints.targets
    status, fleet = endpoints.status, endpoints.fleet
    routes = [
        _route("/api/v1/query", queries.query, GET_POST),
        _route("/api/v1/query_range", queries.query_range, GET_POST),
        _route("/api/v1/format_query", queries.format_query, GET_POST),
        _route("/api/v1/labels", series.labels, GET_POST),
        _route("/api/v1/label/{name}/values", series.label_values, GET),
        _route("/api/v1/series", series.series, GET_POST),
        _route("/api/v1/metadata", targets.metadata, GET),
        _route("/api/v1/targets", targets.targets, GET),
        _route("/api/v1/scrape_pools", targets.scrape_pools, GET),
        _route("/api/v1/rules", rules.rules, GET),
        _route("/api/v1/alerts", rules.alerts, GET),
        _route("/api/v1/alertmanagers", rules.alertmanagers, GET),
        _route("/api/v1/status/buildinfo", status.build_info, GET),
        _route("/api/v1/status/runtimeinfo", status.runtime_info, GET),
        _route("/api/v1/status/config", status.config, GET),
        _route("/api/v1/status/flags", status.show_flags, GET),
        _route("/api/v1/status/walreplay", status.wal_replay, GET),
        _route("/api/fleet/v1/summary", fleet.summary, GET),
        _route("/api/fleet/v1/hosts", fleet.hosts, GET),
        _route("/api/fleet/v1/hosts/{host}/services", fleet.services, GET),
        _route("/metrics", endpoints.own_metrics.page, GET),
        _route("/-/healthy", health.healthy, GET),
        _route("/-/ready", health.ready, GET),
    ]
    return Starlette(routes=routes, exception_handlers={404: _not_found})


def _route(path: str, endpoint: Endpoint, methods: tuple[str, ...]) -> Route:
    return Route(path, answered(endpoint), methods=methods)


async def _not_found(request: Request, error: Exception) -> Response:  # noqa: ARG001
    return failure("not_found", f"there is nothing at {request.url.path}")
