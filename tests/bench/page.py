"""A real page of Debian's node exporter, taken from the exporter itself."""

from __future__ import annotations

import functools
import shutil
import subprocess
import time
import urllib.error
import urllib.request

from tests.bench.peers import PeerMissingError, free_port

_WAIT_S = 10.0


@functools.lru_cache(maxsize=1)
def node_page() -> bytes:
    """Start the node exporter, read its page once, and stop it.

    Raises:
        PeerMissingError: the exporter is not installed.
    """
    command = shutil.which("prometheus-node-exporter")
    if command is None:
        raise PeerMissingError("prometheus-node-exporter")
    port = free_port()
    arguments = [command, f"--web.listen-address=127.0.0.1:{port}"]
    with subprocess.Popen(arguments, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            return _read(f"http://127.0.0.1:{port}/metrics")
        finally:
            process.terminate()


def _read(url: str) -> bytes:
    deadline = time.monotonic() + _WAIT_S
    while True:
        try:
            with urllib.request.urlopen(url, timeout=_WAIT_S) as answer:
                return bytes(answer.read())
        except (urllib.error.URLError, ConnectionError):
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
