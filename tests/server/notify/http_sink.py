"""A real HTTP server in a thread that keeps what it is sent."""

from __future__ import annotations

import http.server
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

Call = tuple[str, dict[str, str], dict[str, Any]]


@dataclass
class HttpSink:
    """Answers with ``status`` and ``text``; keeps the calls that it answered with 2xx."""

    status: int = 204
    text: str = ""
    taken: list[Call] = field(default_factory=list)
    asked: int = 0
    url: str = ""
    port: int = 0


@contextmanager
def http_sink(port: int = 0) -> Iterator[HttpSink]:
    sink = HttpSink()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            sink.asked += 1
            if sink.status < 300:
                sink.taken.append((self.path, {key.lower(): value for key, value in self.headers.items()}, body))
            self.send_response(sink.status)
            self.send_header("Content-Length", str(len(sink.text)))
            self.end_headers()
            self.wfile.write(sink.text.encode())

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
    sink.port = server.server_address[1]
    sink.url = f"http://127.0.0.1:{sink.port}/hook?key=secret"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield sink
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
