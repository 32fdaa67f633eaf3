"""Responses as bytes."""

import pytest

from vedette_shared.http import Response, encode_response, messages


@pytest.fixture(autouse=True)
def _fixed_date(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(messages, "http_date", lambda: "Thu, 01 Jan 1970 00:00:00 GMT")


DATE = b"Date: Thu, 01 Jan 1970 00:00:00 GMT\r\n"
HEAD = b"Content-Type: text/plain; charset=utf-8\r\nContent-Length: 2\r\n"

CASES = [
    (Response(200, b"ok"), {}, b"HTTP/1.1 200 OK\r\n" + DATE + HEAD + b"\r\nok"),
    (Response(200, b"ok"), {"head_only": True}, b"HTTP/1.1 200 OK\r\n" + DATE + HEAD + b"\r\n"),
    (
        Response(503, b"no", headers=[("Retry-After", "5")]),
        {"keep_alive": False},
        b"HTTP/1.1 503 Service Unavailable\r\n" + DATE + HEAD + b"Retry-After: 5\r\nConnection: close\r\n\r\nno",
    ),
    (Response(204), {}, b"HTTP/1.1 204 No Content\r\n" + DATE + b"\r\n"),
]


@pytest.mark.parametrize(("response", "options", "expected"), CASES)
def test_encodes(response: Response, options: dict[str, bool], expected: bytes) -> None:
    assert encode_response(response, **options) == expected


def test_a_header_cannot_smuggle_another() -> None:
    with pytest.raises(ValueError, match="line break in the response header 'X'"):
        encode_response(Response(headers=[("X", "a\r\nSet-Cookie: b")]))
