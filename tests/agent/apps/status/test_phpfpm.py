"""The status page of a PHP-FPM pool, as metrics."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from tests.agent.apps.status.servers import ask_fastcgi, php_fpm
from vedette_agent.apps.status.errors import StatusPageError
from vedette_agent.apps.status.fastcgi import encode_request
from vedette_agent.apps.status.phpfpm import phpfpm_families, status_params
from vedette_shared.exposition import write_text

FIXTURES = Path(__file__).parent / "fixtures"
PAGE = FIXTURES / "php-fpm-8.2.json"
URL = "tcp://127.0.0.1:9000/status"
OURS = '"request uri":"\\\\/status?json&full"'


def page(**changes: Any) -> bytes:
    return json.dumps(json.loads(PAGE.read_bytes()) | changes).encode()


def series(body: bytes) -> dict[str, float]:
    """Values by name, and by child and state where there are such."""
    return {
        "/".join([sample.name, *(value for name, value in sample.labels if name in ("child", "state"))]): sample.value
        for family in phpfpm_families(body, URL)
        for sample in family.samples
    }


def test_page() -> None:
    """The recorded page makes the metrics beside it; VEDETTE_WRITE_GOLDEN=1 writes them anew."""
    written = write_text(phpfpm_families(PAGE.read_bytes(), URL))
    golden = PAGE.with_suffix(".prom")
    if os.environ.get("VEDETTE_WRITE_GOLDEN"):
        golden.write_bytes(written)
    assert golden.read_bytes() == written


def test_real_pool(tmp_path: Path) -> None:
    """Debian's PHP-FPM is asked over FastCGI: the third request knows of those before."""
    with php_fpm(tmp_path) as address:
        for _ in range(3):
            response = ask_fastcgi(address, encode_request(status_params("/status")))
    assert (response.status, response.stderr) == (200, b"")
    told = series(response.body)
    expected = {
        "phpfpm_up": 1.0,
        "phpfpm_accepted_connections": told["phpfpm_process_requests/0"],
        "phpfpm_idle_processes": 0.0,
        "phpfpm_active_processes": 1.0,
        "phpfpm_total_processes": 1.0,
        "phpfpm_max_active_processes": 1.0,
        "phpfpm_max_children_reached": 0.0,
        "phpfpm_slow_requests": 0.0,
        "phpfpm_process_state/0/Running": 1.0,
    }
    assert {name: told[name] for name in expected} == expected
    assert told["phpfpm_accepted_connections"] >= 3.0


def test_real_pool_without_the_page(tmp_path: Path) -> None:
    """What the pool logs with the request comes along."""
    with php_fpm(tmp_path) as address:
        response = ask_fastcgi(address, encode_request(status_params("/elsewhere.php")))
    assert (response.status, response.body, response.stderr) == (404, b"File not found.\n", b"Primary script unknown")
    with pytest.raises(StatusPageError, match=r"in JSON: it begins with 'File not found\.'; ask for \?json&full$"):
        phpfpm_families(response.body, URL)


def test_without_processes() -> None:
    """A page asked for without ``full`` tells of the pool alone."""
    document = json.loads(PAGE.read_bytes())
    del document["processes"]
    assert series(json.dumps(document).encode()) == {
        name: value for name, value in series(PAGE.read_bytes()).items() if "process_" not in name
    }


def test_old_pool_without_slow_requests() -> None:
    document = json.loads(PAGE.read_bytes())
    del document["slow requests"]
    assert series(PAGE.read_bytes()).keys() - series(json.dumps(document).encode()).keys() == {"phpfpm_slow_requests"}


def test_duration_below_zero() -> None:
    """PHP-FPM wrote it as a number of nearly 2**64; it is left out."""
    process = {"state": "Idle", "requests": 7, "request duration": (1 << 64) - 5, "last request memory": 2}
    told = series(page(processes=[process]))
    assert {name: value for name, value in told.items() if "process_" in name and "state" not in name} == {
        "phpfpm_process_requests/0": 7.0,
        "phpfpm_process_last_request_memory/0": 2.0,
    }


def test_state_unknown() -> None:
    """States are a closed set, so that a pool's series are as well."""
    told = series(page(processes=[{"state": "Dreaming"}]))
    states = {name.rpartition("/")[2]: value for name, value in told.items() if "state" in name}
    assert states == dict.fromkeys(
        ["Idle", "Running", "Reading headers", "Getting request informations", "Finishing", "Ending"], 0.0
    )


@pytest.mark.parametrize(
    ("uri", "has_processes"),
    [
        pytest.param('/x?a="b"', False, id="a quote that breaks the page"),
        pytest.param(r"/x?a=\c", False, id="a backslash that breaks the page"),
        pytest.param(
            '/x"}],"pool":"evil","idle processes":99,"more":[{"a":"', True, id="one that writes the page anew"
        ),
        pytest.param("/\udcff", True, id="bytes that are no text"),
    ],
)
def test_uri_that_old_versions_do_not_escape(uri: str, *, has_processes: bool) -> None:
    """Whatever a client asks for, the pool's own numbers stay what they are."""
    body = PAGE.read_text().replace(OURS.replace("\\\\", "\\"), f'"request uri":"{uri}"')
    assert uri in body
    told = series(body.encode(errors="surrogateescape"))
    assert {name: value for name, value in told.items() if "process_" not in name} == {
        name: value for name, value in series(PAGE.read_bytes()).items() if "process_" not in name
    }
    assert any("process_" in name for name in told) == has_processes


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (b"", "in JSON: it begins with ''; ask for ?json&full"),
        (b"pool:                 shop\n", "in JSON: it begins with 'pool:                 shop'; ask for ?json&full"),
        (b"[1]", "in JSON: it begins with '[1]'; ask for ?json&full"),
        (b"[" * 100_000, f"in JSON: it begins with {'[' * 80 + '…'!r}; ask for ?json&full"),
    ],
)
def test_not_json(body: bytes, error: str) -> None:
    with pytest.raises(StatusPageError) as raised:
        phpfpm_families(body, URL)
    assert str(raised.value) == f"not a status page of PHP-FPM {error}"


@pytest.mark.parametrize(
    ("changes", "lacks"),
    [
        ({"pool": ""}, "pool"),
        ({"pool": 7}, "pool"),
        ({"accepted conn": "many"}, "accepted conn"),
        ({"accepted conn": True}, "accepted conn"),
        ({"idle processes": float("nan")}, "idle processes"),
        ({"idle processes": 10**400, "active processes": None}, "idle processes, active processes"),
    ],
)
def test_not_a_pool(changes: dict[str, Any], lacks: str) -> None:
    with pytest.raises(StatusPageError) as raised:
        phpfpm_families(page(**changes), URL)
    assert str(raised.value).startswith(f"not a status page of PHP-FPM: it lacks {lacks}; it begins with '{{")
