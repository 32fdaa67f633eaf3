"""Helpers: Debian's Apache, nginx, PHP-FPM and the exporters, each run in a folder of its own on loopback."""

from __future__ import annotations

import http.client
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

from tests.agent.apps.hosts import HERE, PATIENCE_S, Host, need
from vedette_agent.apps.status.fastcgi import Reader, Response

APACHE_MODULES = Path("/usr/lib/apache2/modules")
PHP_FPM = ("php-fpm8.2", "php-fpm8.4", "php-fpm8.3")

_APACHE = """
ServerRoot {folder}
DefaultRuntimeDir {folder}
PidFile {folder}/pid
ErrorLog {folder}/error.log
Listen {address}
ServerName localhost
User www-data
Group www-data
LoadModule mpm_event_module {modules}/mod_mpm_event.so
LoadModule authz_core_module {modules}/mod_authz_core.so
LoadModule status_module {modules}/mod_status.so
<Location /server-status>
    SetHandler server-status
</Location>
"""
_NGINX = """
daemon off;
pid pid;
error_log error.log;
worker_processes 1;
events {{}}
http {{
    access_log off;
    client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi;
    uwsgi_temp_path uwsgi; scgi_temp_path scgi;
    server {{
        listen {address};
        location = /stub_status {{ stub_status; }}
    }}
}}
"""

_PHP_FPM = """
[global]
pid = {folder}/pid
error_log = {folder}/error.log
[shop]
user = www-data
group = www-data
listen = {address}
pm = static
pm.max_children = 1
"""


def get(address: str, path: str) -> bytes:
    """Return the body of a page."""
    connection = http.client.HTTPConnection(address, timeout=PATIENCE_S)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        body = response.read()
        assert response.status == 200, body
        return body
    finally:
        connection.close()


@contextmanager
def apache(folder: Path, *directives: str, host: Host = HERE) -> Iterator[str]:
    """Run Apache with mod_status; gives its address."""
    program, address = need("apache2"), host.address(8080)
    config = folder / "httpd.conf"
    text = _APACHE.format(folder=folder, address=address, modules=APACHE_MODULES)
    config.write_text("\n".join([text, *directives, ""]))
    with host.run([program, "-DFOREGROUND", "-f", config], folder / "log", address):
        yield address


@contextmanager
def nginx(folder: Path, host: Host = HERE) -> Iterator[str]:
    """Run nginx with stub_status; gives its address."""
    program, address = need("nginx"), host.address(80)
    (folder / "nginx.conf").write_text(_NGINX.format(address=address))
    command = [program, "-p", folder, "-e", folder / "error.log", "-c", folder / "nginx.conf"]
    with host.run(command, folder / "log", address):
        yield address


@contextmanager
def php_fpm(folder: Path, *settings: str, at: Path | None = None) -> Iterator[str]:
    """Run a pool of PHP-FPM of one process, by default with its status at /status; gives its address, or path."""
    program, address = need(*PHP_FPM), str(at or HERE.address(9000))
    config = folder / "fpm.conf"
    text = _PHP_FPM.format(folder=folder, address=address)
    config.write_text("\n".join([text, *(settings or ("pm.status_path = /status",)), ""]))
    command = [program, "--nodaemonize", "--no-php-ini", "--fpm-config", config, "--allow-to-run-as-root"]
    with HERE.run(command, folder / "log", address):
        yield address


def ask_fastcgi(address: str, request: bytes) -> Response:
    """Return the answer to one request."""
    host, port = address.rsplit(":", 1)
    reader = Reader()
    with socket.create_connection((host, int(port)), timeout=PATIENCE_S) as connection:
        connection.sendall(request)
        while True:
            if response := reader.feed(connection.recv(1000)):
                return response


@contextmanager
def page_server(body: bytes) -> Iterator[str]:
    """Answer every GET with ``body``; gives the address."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield f"127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join(PATIENCE_S)
        server.server_close()


def page_of_apache_exporter(body: bytes, folder: Path) -> bytes:
    """Return what Debian's prometheus-apache-exporter makes of a status page."""
    program, address = need("prometheus-apache-exporter"), HERE.address(9117)
    with page_server(body) as source:
        command = [program, f"--telemetry.address={address}", f"--scrape_uri=http://{source}/server-status?auto"]
        with HERE.run(command, folder / "exporter.log", address):
            return get(address, "/metrics")


def page_of_nginx_exporter(body: bytes, folder: Path) -> bytes:
    """Return what Debian's prometheus-nginx-exporter makes of a status page."""
    program, address = need("prometheus-nginx-exporter"), HERE.address(9113)
    with page_server(body) as source:
        command = [program, "-nginx.scrape-uri", f"http://{source}/stub_status", "-web.listen-address", address]
        with HERE.run(command, folder / "exporter.log", address):
            return get(address, "/metrics")
