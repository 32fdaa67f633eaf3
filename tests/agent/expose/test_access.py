"""The pages behind TLS and a password."""

import base64
import ssl
import subprocess
from functools import partial
from pathlib import Path

import pytest
import trio

from vedette_agent.config_parts import BasicAuth, ExposeConfig
from vedette_agent.expose.access import guard, make_tls
from vedette_shared.addresses import Address
from vedette_shared.errors import ConfigError
from vedette_shared.http import Client, HttpClientError, Request, Response, serve
from vedette_shared.listening import bound_address, listen_on


async def page(request: Request) -> Response:
    return Response(200, b"page")


@pytest.fixture
def password(tmp_path: Path) -> Path:
    file = tmp_path / "password"
    file.write_text("secret: with a colon\n")
    return file


def basic(text: str) -> str:
    return f"Basic {base64.b64encode(text.encode()).decode()}"


@pytest.mark.parametrize(
    ("path", "authorization", "status"),
    [
        ("/metrics", basic("scraper:secret: with a colon"), 200),
        ("/metrics", basic("scraper:wrong"), 401),
        ("/metrics", basic("other:secret: with a colon"), 401),
        ("/metrics", "", 401),
        ("/metrics", "Bearer x", 401),
        ("/metrics", "Basic ???", 401),
        ("/healthz", "", 200),
    ],
)
async def test_name_and_password(password: Path, path: str, authorization: str, status: int) -> None:
    handler = guard(ExposeConfig(basic_auth=BasicAuth("scraper", password)), page)
    response = await handler(Request("GET", path, headers=[(b"authorization", authorization.encode())]))
    assert response.status == status
    assert dict(response.headers) == (
        {} if status == 200 else {"WWW-Authenticate": 'Basic realm="vedette agent", charset="UTF-8"'}
    )


def test_without_a_password_there_is_no_guard() -> None:
    assert guard(ExposeConfig(), page) is page
    assert make_tls(ExposeConfig()) is None


def test_files_that_cannot_be_used(tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.write_text("\n")
    with pytest.raises(ConfigError, match=r"empty: the first line is empty; it should hold the secret$"):
        guard(ExposeConfig(basic_auth=BasicAuth("x", empty)), page)
    with pytest.raises(ConfigError, match=r"none: cannot be read"):
        guard(ExposeConfig(basic_auth=BasicAuth("x", tmp_path / "none")), page)
    with pytest.raises(ConfigError, match=r"empty: cannot be used with the key"):
        make_tls(ExposeConfig(cert_file=empty, key_file=empty))


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("tls")
    key, cert = folder / "key.pem", folder / "cert.pem"
    options = "-x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost"
    command = ["openssl", "req", *options.split(), "-addext", "subjectAltName=IP:127.0.0.1"]
    subprocess.run([*command, "-keyout", str(key), "-out", str(cert)], check=True, capture_output=True)
    return cert, key


async def test_tls(certificate: tuple[Path, Path]) -> None:
    cert, key = certificate
    listener = listen_on(Address("127.0.0.1", 0))
    url = f"https://{bound_address(listener)}"
    tls = make_tls(ExposeConfig(cert_file=cert, key_file=key))
    async with trio.open_nursery() as nursery:
        await nursery.start(partial(serve, page, [listener], tls=tls))
        client = Client(url, ssl.create_default_context(cafile=str(cert)))
        for _ in range(2):
            assert (await client.request("GET", "/")).body == b"page"
        await client.aclose()
        with pytest.raises(HttpClientError, match=r"no TLS: .*certificate verify failed"):
            await Client(url).request("GET", "/")
        with pytest.raises(HttpClientError):
            await Client(url.replace("https", "http")).request("GET", "/")
        nursery.cancel_scope.cancel()
