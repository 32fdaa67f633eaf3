"""``vedette agent sources``: how each source of the running agent is."""

from __future__ import annotations

import ssl

import msgspec
import trio

from vedette_agent.config_parts import ExposeConfig
from vedette_agent.credentials import basic, read_secret
from vedette_agent.expose.page import SourceStatus
from vedette_shared.durations import format_duration
from vedette_shared.errors import ServerUnreachableError, UsageError
from vedette_shared.http import Client, HttpClientError

PATIENCE_S = 10.0
COLUMNS = ("source", "job", "interval", "age", "took", "series", "failures", "limited", "error")


async def print_sources(expose: ExposeConfig, as_json: bool) -> bytes:
    """Ask the agent that listens as ``expose`` says, and return what to print.

    Raises:
        UsageError: the configuration exposes no page.
        ServerUnreachableError: no agent answers there.
    """
    if not expose.enabled:
        raise UsageError("this configuration exposes no page to ask; set expose.enabled = true")
    body = await _fetch(expose)
    if as_json:
        return body + b"\n"
    statuses = msgspec.json.decode(body, type=list[SourceStatus])
    table = _table([COLUMNS, *(_row(status) for status in statuses)])
    problems = [
        f"{status.name}/{part}: {text}\n" for status in statuses for part, text in sorted(status.problems.items())
    ]
    return (table + "".join(["\nproblems:\n", *problems] if problems else [])).encode()


async def _fetch(expose: ExposeConfig) -> bytes:
    scheme = "http" if expose.cert_file is None else "https"
    client = Client(f"{scheme}://{expose.listen}", _trusting(expose))
    try:
        with trio.fail_after(PATIENCE_S):
            response = await client.request("GET", "/sources", _credentials(expose))
    except (HttpClientError, trio.TooSlowError) as error:
        reason = str(error) or f"no answer within {PATIENCE_S:g} s"
        raise ServerUnreachableError(f"no agent answers at {expose.listen}: {reason}") from error
    finally:
        await client.aclose()
    if response.status != 200:
        raise ServerUnreachableError(f"the agent at {expose.listen} answers {response.status} to /sources")
    return response.body


def _trusting(expose: ExposeConfig) -> ssl.SSLContext | None:
    if expose.cert_file is None:
        return None
    # It is this machine's own certificate, out of the same configuration; it names the host, not loopback.
    context = ssl.create_default_context(cafile=str(expose.cert_file))
    context.check_hostname = False
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    return context


def _credentials(expose: ExposeConfig) -> dict[str, str]:
    if expose.basic_auth is None:
        return {}
    return {"Authorization": basic(expose.basic_auth.user, read_secret(expose.basic_auth.password_file))}


def _row(status: SourceStatus) -> tuple[str, ...]:
    limited = " ".join(f"{limit}={count}" for limit, count in status.limited.items() if count)
    return (
        status.name,
        status.job,
        format_duration(round(status.interval * 1000)),
        "never" if status.age is None else f"{status.age:.1f}s",
        f"{status.duration * 1000:.1f}ms",
        str(status.series),
        str(status.failures),
        limited or "-",
        status.error or "-",
    )


def _table(rows: list[tuple[str, ...]]) -> str:
    widths = [max(len(row[column]) for row in rows) for column in range(len(COLUMNS))]
    lines = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows)
    return "".join(f"{line}\n" for line in lines)
