"""A receiver of remote write and of alerts, for clients that send what they find."""

from __future__ import annotations

import http.server
import json
import struct
import threading
from typing import Any, Self

import cramjam

from vedette_server.api.remote.protobuf import fields, to_signed


class Sink:
    """Takes what comes and keeps it.

    Attributes:
        samples: The samples of remote write: (labels, ms, value).
        alerts: The alerts of Alertmanager's interface.
    """

    def __init__(self) -> None:
        self.samples: list[tuple[dict[str, str], int, float]] = []
        self.alerts: list[dict[str, Any]] = []
        sink = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if self.path.endswith("/alerts"):
                    sink.alerts += json.loads(body)
                else:
                    sink.samples += written(bytes(cramjam.snappy.decompress_raw(body)))
                self.send_response(204)
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._server.serve_forever)
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def written(message: bytes) -> list[tuple[dict[str, str], int, float]]:
    """The samples of a WriteRequest: field 1 holds TimeSeries, as those of remote read."""
    found = []
    for number, series in fields(memoryview(message)):
        if number != 1:
            continue
        labels: dict[str, str] = {}
        for part, content in fields(series):  # type: ignore[arg-type]
            inner: dict[int, Any] = dict(fields(content))  # type: ignore[arg-type]
            if part == 1:
                labels[bytes(inner[1]).decode()] = bytes(inner[2]).decode()
            elif part == 2:
                value = struct.unpack("<d", inner[1])[0] if 1 in inner else 0.0
                found.append((labels, to_signed(inner[2]), value))
    return found
