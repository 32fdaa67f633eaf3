"""Pages over TLS."""

from __future__ import annotations

import shutil
import ssl
import subprocess
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import trio

from vedette_server.scrape import ScrapeConfig, Scraper, TlsConfig
from vedette_server.scrape.target import expand
from vedette_shared.clock import SystemClock
from vedette_shared.config import Duration
from vedette_shared.errors import ConfigError

pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A certificate that signs itself, for the name ``target``, and its key."""
    folder = tmp_path_factory.mktemp("tls")
    paths = folder / "cert.pem", folder / "key.pem"
    command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 1 -subj /CN=target"
    subprocess.run(
        [*command.split(), "-addext", "subjectAltName=DNS:target", "-out", paths[0], "-keyout", paths[1]],
        check=True,
        capture_output=True,
    )
    return paths


@pytest.fixture
async def address(nursery: trio.Nursery, certificate: tuple[Path, Path]) -> str:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)

    async def handle(stream: trio.SSLStream[trio.SocketStream]) -> None:
        try:
            while await stream.receive_some():
                await stream.send_all(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\na 1\n")
        except trio.BrokenResourceError:
            pass  # the scraper hung up, or does not trust the certificate

    (listener,) = await nursery.start(partial(trio.serve_ssl_over_tcp, handle, 0, context, host="127.0.0.1"))
    return f"127.0.0.1:{listener.transport_listener.socket.getsockname()[1]}"


async def _scrape(address: str, tls: TlsConfig | None, store: Any) -> str:
    """Scrape three times and return the last error."""
    job = ScrapeConfig("node", (address,), scheme="https", interval=Duration(100), tls=tls)
    scraper = Scraper([job], store, SystemClock())
    with trio.fail_after(10):
        async with trio.open_nursery() as nursery:
            await nursery.start(scraper.run)
            while scraper.counters.scrapes < 4:
                await trio.sleep(0.01)
            nursery.cancel_scope.cancel()
    return scraper.targets()[0].last_error


@pytest.mark.parametrize("verify", [True, False])
async def test_a_page_over_tls(address: str, certificate: tuple[Path, Path], store: Any, verify: bool) -> None:
    trusting = TlsConfig(ca_file=certificate[0], server_name="target")
    assert await _scrape(address, trusting if verify else TlsConfig(insecure_skip_verify=True), store) == ""
    assert store.values("a")[:3] == [1, 1, 1]


async def test_a_certificate_that_nobody_vouches_for_is_refused(address: str, store: Any) -> None:
    error = await _scrape(address, None, store)
    assert "certificate verify failed" in error
    assert "\n" not in error


def test_a_file_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    job = ScrapeConfig("node", ("a:1",), scheme="https", tls=TlsConfig(ca_file=tmp_path / "none.pem"))
    with pytest.raises(ConfigError, match=r"scrape job node: tls: cannot use .*none\.pem"):
        expand([job])
