"""A real HTTP server on loopback that answers as Vedette's API does, from what a test puts into it."""

from __future__ import annotations

import math
import random
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import msgspec

from tests.tui.serving import QuietHandler

STATES = ("OK", "WARN", "CRIT", "UNKNOWN")
SEVERITIES = ("info", "warning", "critical")


@dataclass
class Fleet:
    """What the API answers from. ``time`` of ``None`` is the machine's."""

    hosts: list[dict[str, Any]] = field(default_factory=list)
    services: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    events: list[dict[str, Any]] = field(default_factory=list)
    time: int | None = None
    garbage: bytes | None = None
    curves: int = 1
    gap: bool = False
    queries: list[dict[str, str]] = field(default_factory=list)
    lively: bool = False
    delay_s: float = 0

    def now(self) -> int:
        """The server's time, ms."""
        return time.time_ns() // 1_000_000 if self.time is None else self.time

    def answer(self, target: str) -> tuple[int, bytes]:
        """Return the status and the body of the answer to a request."""
        if self.garbage is not None:
            return 200, self.garbage
        url = urlsplit(target)
        parameters = {key: values[0] for key, values in parse_qs(url.query).items()}
        parts = url.path.strip("/").split("/")
        if parts == ["api", "fleet", "v1", "hosts"]:
            if self.lively:
                self._live()
            return success({"time": self.now(), "hosts": self.hosts})
        if parts[:4] == ["api", "fleet", "v1", "hosts"] and parts[5:] == ["services"]:
            host = unquote(parts[4])
            if host not in self.services:
                return failure(404, "not_found", f"no host {host!r} is known here")
            return success({"time": self.now(), "services": self.services[host]})
        if parts == ["api", "fleet", "v1", "events"]:
            return success(self._events(parameters))
        if parts == ["api", "v1", "query_range"]:
            self.queries.append(parameters)
            return success({"resultType": "matrix", "result": list(self._curves(parameters))})
        return failure(404, "not_found", "no such page")

    def _events(self, parameters: dict[str, str]) -> dict[str, Any]:
        least = SEVERITIES.index(parameters.get("severity", "info"))
        found = [
            event
            for event in self.events
            if event["host"] == parameters.get("host", event["host"])
            and SEVERITIES.index(event["severity"]) >= least
            and event["id"] > int(parameters.get("arrived_after", 0))
        ]
        found.sort(key=lambda event: (event["time"], event["id"]), reverse=True)
        limit = int(parameters["limit"])
        older = None if len(found) <= limit else "{time}.{id}".format_map(found[limit - 1])
        last = max((event["id"] for event in self.events), default=0)
        return {"time": self.now(), "events": found[:limit], "next": older, "last": last}

    def _curves(self, parameters: dict[str, str]) -> Iterator[dict[str, Any]]:
        start, end, step = (float(parameters[key]) for key in ("start", "end", "step"))
        count = int((end - start) / step) + 1
        for curve in range(self.curves):
            values = []
            for place in range(count):
                if self.gap and count // 3 < place < count // 2:
                    continue
                moment = start + place * step
                value = 60 + 25 * math.sin(moment / 900 + curve) + 3 * math.sin(moment / 41)
                values.append([moment, f"{value:.4f}"])
            yield {"metric": {"job": "node", "device": f"eth{curve}"}, "values": values}

    def _live(self) -> None:
        now = self.now()
        for host in random.sample(self.hosts, max(1, len(self.hosts) // 20)):
            if host["state"] == "UP":
                host["load1"] = round(random.expovariate(0.8), 2)
                host["last_seen"] = now - random.randrange(15_000)


def success(data: object) -> tuple[int, bytes]:
    """An envelope around ``data``."""
    return 200, msgspec.json.encode({"status": "success", "data": data})


def failure(status: int, kind: str, text: str) -> tuple[int, bytes]:
    """An envelope around an error."""
    return status, msgspec.json.encode({"status": "error", "errorType": kind, "error": text})


def make_host(name: str, state: str = "UP", **fields: Any) -> dict[str, Any]:
    """A host as the API has it; ``OK=…``, ``WARN=…`` and so on count its services."""
    counts = dict.fromkeys(STATES, 0) | {key: fields.pop(key) for key in STATES if key in fields}
    defaults: dict[str, Any] = {"since": 0, "last_seen": 0, "load1": 0.5, "memory_used_percent": 30.0}
    defaults |= {"hard": True, "attempt": 1, "summary": f"{name} is {state}"}
    return {"host": name, "state": state, "services": counts} | defaults | fields


def make_service(host: str, name: str, state: str = "OK", **fields: Any) -> dict[str, Any]:
    """A service as the API has it."""
    defaults: dict[str, Any] = {
        "check": name.split(maxsplit=1)[0].lower(),
        "labels": {},
        "hard": True,
        "attempt": 1,
        "value": 42.0,
        "unit": "%",
        "levels": {"upper": [80, 90], "lower": None},
        "summary": f"{name} is {state}",
        "since": 0,
        "last_check": 0,
        "stale": False,
        "graph": "some_metric",
    }
    return {"host": host, "service": name, "state": state} | defaults | fields


def make_event(number: int, host: str, text: str, time_ms: int, **fields: Any) -> dict[str, Any]:
    """The event that arrived as the ``number``-th, as the API has it."""
    defaults = {"source": "ipmi", "severity": "warning", "labels": {}, "agent": host, "received": time_ms + 2000}
    return {"id": number, "host": host, "text": text, "time": time_ms} | defaults | fields


@contextmanager
def serving(fleet: Fleet, port: int = 0) -> Iterator[str]:
    """Serve ``fleet`` in a thread; yields the URL. At the end, connections that are kept alive end too."""
    connections: list[socket.socket] = []

    class Handler(QuietHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:  # noqa: N802  the name is the library's
            time.sleep(fleet.delay_s)
            self.reply(*fleet.answer(self.path))

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        allow_reuse_address = True

        def process_request(self, request: Any, client_address: Any) -> None:
            connections.append(request)
            super().process_request(request, client_address)

        def handle_error(self, request: Any, client_address: Any) -> None:
            """A client that goes away is no error here."""

    server = Server(("127.0.0.1", port), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
        for connection in connections:
            # Closed already, perhaps.
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
