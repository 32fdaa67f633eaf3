"""A Redfish service of recorded trees over TLS, as a process of its own, that can be told to misbehave.

``python service.py TREE.json CERTIFICATE CONTROL LOG`` prints its port. CONTROL is a file of JSON that is read at each
request: ``fault`` by path, and ``replace``, resources in place of those of the tree. LOG gets a line for each request.
"""

from __future__ import annotations

import base64
import json
import secrets
import ssl
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlsplit

USER, PASSWORD = "monitor", "s3cret"
SESSIONS = "/redfish/v1/SessionService/Sessions"
GIGABYTE = 2**30


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    tree: dict[str, Any]
    control: Path
    log: Path
    tokens: ClassVar[dict[str, str]] = {}

    def do_GET(self) -> None:
        self._note()
        told = json.loads(self.control.read_text())
        path = urlsplit(self.path).path
        if told.get("forget_sessions"):
            self.tokens.clear()
            self.control.write_text(json.dumps({**told, "forget_sessions": False}))
        fault = told["fault"].get(path)
        if fault is not None and self._fail(fault):
            return
        if path.rstrip("/") != "/redfish/v1" and not self._may_read():
            self._answer(401, {})
            return
        resource = {**self.tree, **told.get("replace", {})}.get(path.rstrip("/"))
        if resource is None:
            self._answer(404, {"error": {"code": "Base.1.0.ResourceMissingAtURI"}})
        else:
            self._answer(200, self._queried(resource))

    def do_POST(self) -> None:
        self._note()
        told = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if told != {"UserName": USER, "Password": PASSWORD}:
            self._answer(401, {})
            return
        token = secrets.token_hex(8)
        self.tokens[token] = location = f"{SESSIONS}/{len(self.tokens) + 1}"
        self._answer(201, {"@odata.id": location}, {"X-Auth-Token": token, "Location": location})

    def do_DELETE(self) -> None:
        self._note()
        if self.tokens.pop(self.headers.get("X-Auth-Token", ""), "") == self.path:
            self._answer(200, {})
        else:
            self._answer(404, {})

    def _may_read(self) -> bool:
        basic = "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        return self.headers.get("X-Auth-Token", "") in self.tokens or self.headers.get("Authorization", "") == basic

    def _queried(self, resource: dict[str, Any]) -> dict[str, Any]:
        """The resource, with its members where ``$expand`` asks for them."""
        query = parse_qs(urlsplit(self.path).query)
        if "$expand" in query and "Members" in resource:
            members = [self.tree.get(member["@odata.id"].rstrip("/"), member) for member in resource["Members"]]
            return {**resource, "Members": members}
        return resource

    def _fail(self, fault: Any) -> bool:
        if isinstance(fault, dict) and "seconds" in fault:
            time.sleep(fault["seconds"])
            return False
        if isinstance(fault, dict):
            self._answer(fault["status"], {}, fault.get("headers", {}))
        elif fault == "garbage":
            self._send(200, b"<html>not JSON", {})
        elif fault == "slow":
            self._drip()
        elif fault == "gigabyte":
            self._flood()
        return True

    def _drip(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "100000")
        self.end_headers()
        while True:
            self.wfile.write(b" ")
            self.wfile.flush()
            time.sleep(0.2)

    def _flood(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(GIGABYTE))
        self.end_headers()
        for _ in range(GIGABYTE // 2**20):
            self.wfile.write(b" " * 2**20)

    def _answer(self, status: int, body: object, headers: dict[str, str] | None = None) -> None:
        self._send(status, json.dumps(body).encode(), headers or {})

    def _send(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Type": "application/json", "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def _note(self) -> None:
        with self.log.open("a") as log:
            log.write(f"{self.command} {self.path}\n")

    def log_message(self, *_arguments: object) -> None:
        pass


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, context: ssl.SSLContext) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self._context = context

    def finish_request(self, request: Any, client_address: Any) -> None:
        """In the thread of the connection: a handshake that hangs keeps nobody else waiting."""
        with self._context.wrap_socket(request, server_side=True) as stream:
            super().finish_request(stream, client_address)

    def handle_error(self, *_arguments: object) -> None:
        pass


def main() -> None:
    tree, certificate, control, log = map(Path, sys.argv[1:])
    Handler.tree = {path.rstrip("/"): resource for path, resource in json.loads(tree.read_text()).items()}
    Handler.control, Handler.log = control, log
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    server = Server(context)
    print(server.server_address[1], flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
