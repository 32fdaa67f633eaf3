"""The client against a real server: typed answers, and errors of one line."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import pytest

from tests.tui.fake_api import Fleet, make_event, make_host, make_service
from vedette_shared.errors import ServerUnreachableError, UsageError
from vedette_tui.client import FleetClient, Host, Hosts, Levels, Service, parse_server_url
from vedette_tui.errors import ForeignAnswerError, RefusedError
from vedette_tui.events import Event, EventFeed, EventPage

Result = TypeVar("Result")


def ask(url: str, question: Callable[[FleetClient], Awaitable[Result]]) -> Result:
    """Ask one question."""

    async def run() -> Result:
        async with FleetClient(parse_server_url(url)) as client:
            return await question(client)

    return asyncio.run(run())


def test_hosts(fleet: Fleet, url: str) -> None:
    """Fields that the client does not know are no error, nor are absent values."""
    fleet.hosts = [make_host("a", "DOWN", CRIT=2, load1=None, colour="red")]
    counts = {"OK": 0, "WARN": 0, "CRIT": 2, "UNKNOWN": 0}
    alpha = Host("a", "DOWN", 0, counts, 0, None, 30.0, hard=True, attempt=1, summary="a is DOWN")
    assert ask(url, lambda client: client.hosts()) == Hosts(fleet.now(), (alpha,))


def test_services_of_a_host_with_an_odd_name(fleet: Fleet, url: str) -> None:
    """The name is quoted in the path."""
    fleet.services = {"a b?#ä": [make_service("a b?#ä", "Filesystem /", "WARN")]}
    [service] = ask(url, lambda client: client.services("a b?#ä")).services
    assert service == Service(
        "a b?#ä", "Filesystem /", "WARN", "filesystem", {}, True, 1, 42.0, "%", Levels((80, 90)),
        "Filesystem / is WARN", 0, 0, False, "some_metric",
    )  # fmt: skip


def test_events(fleet: Fleet, url: str) -> None:
    """A feed's question is answered with a page of events, labels and all."""
    fleet.events = [make_event(7, "alpha", "input lost", 5_000, labels={"sensor": "PS2"})]
    event = Event(7, 5_000, "alpha", "ipmi", "warning", "input lost", {"sensor": "PS2"}, "alpha", 7_000)
    assert ask(url, lambda client: client.events(EventFeed("alpha").question())) == EventPage(fleet.now(), (event,), 7)


def test_a_range(fleet: Fleet, url: str) -> None:
    """The query goes out with its window, the series come back."""
    [series] = ask(url, lambda client: client.query_range("up + 1", 100, 130, 15))
    assert fleet.queries == [{"query": "up + 1", "start": "100.000", "end": "130.000", "step": "15"}]
    assert [moment for moment, _ in series.values] == [100.0, 115.0, 130.0]


def test_nobody_there() -> None:
    """The operating system's reason."""
    with pytest.raises(ServerUnreachableError, match=r"^connection refused$"):
        ask("http://127.0.0.1:1", lambda client: client.hosts())


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"<html>", "status 200): JSON is malformed"),
        (b"", "status 200): Input data was truncated"),
        (b"[]", "status 200): Expected `object`, got `array`"),
        (b'{"status":"success"}', "status 200): Object missing required field `data`"),
        (b'{"status":"success","data":{"time":1,"hosts":[{"host":"a","state":"ON"}]}}', "Invalid enum value 'ON'"),
        (
            b'{"status":"success","data":{"time":1,"hosts":[{"host":"\xff"}]}}',
            # In the words of msgspec, which are others from 0.23 on.
            ("status 200): 'utf-8' codec can't decode", "status 200): Invalid UTF-8 encoded string"),
        ),
    ],
)
def test_garbage(fleet: Fleet, url: str, body: bytes, reason: str | tuple[str, str]) -> None:
    """One line that says what is wrong with it."""
    fleet.garbage = body
    with pytest.raises(ForeignAnswerError) as caught:
        ask(url, lambda client: client.hosts())
    reasons = (reason,) if isinstance(reason, str) else reason
    assert any(one in str(caught.value) for one in reasons)
    assert "\n" not in str(caught.value)


def test_a_refusal(url: str) -> None:
    """In the server's words."""
    with pytest.raises(RefusedError, match=r"^no host 'x' is known here$"):
        ask(url, lambda client: client.services("x"))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "is not the URL of a server"),
        ("localhost:9470", "is not the URL of a server"),
        ("ftp://h", "is not the URL of a server"),
        ("http://", "is not the URL of a server"),
        ("http://h/?a=b", "leave out what follows"),
        ("http://h:99999", "a port is a number from 1 to 65535"),
        ("http://h:0", "a port is a number from 1 to 65535"),
        ("http://h:x", "is not a URL (Invalid port: 'x')"),
        ("http://[::1", "is not a URL"),
    ],
)
def test_what_is_no_url(text: str, reason: str) -> None:
    """A usage error that says how to write one."""
    with pytest.raises(UsageError) as caught:
        parse_server_url(text)
    assert reason in str(caught.value)


def test_a_password_is_not_shown() -> None:
    """It is used, but not put on the screen."""
    assert FleetClient(parse_server_url("https://me:secret@h:1/vedette/")).address == "https://h:1/vedette"
