"""Responses are read whole, however their bytes are cut; what is none is an error."""

import pytest

from vedette_shared.http import ClientResponse, HttpClientError, ResponseReader

CASES = [
    pytest.param(
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-Y: z\r\n\r\nok",
        ClientResponse(200, {"content-length": "2", "x-y": "z"}, b"ok", True),
        id="length",
    ),
    pytest.param(
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n",
        ClientResponse(200, {"transfer-encoding": "chunked"}, b"abc", True),
        id="chunked",
    ),
    pytest.param(
        b"HTTP/1.1 503 No\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
        ClientResponse(503, {"connection": "close", "content-length": "0"}, b"", False),
        id="close",
    ),
    pytest.param(
        b"HTTP/1.1 204 No Content\r\nServer: x\r\n\r\n", ClientResponse(204, {"server": "x"}, b"", True), id="no body"
    ),
    pytest.param(
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na",
        ClientResponse(200, {"content-length": "1"}, b"a", True),
        id="after an interim response",
    ),
    pytest.param(
        b"HTTP/1.1 200 OK\r\nContent-Length: 30\r\n\r\n" + b"x" * 30,
        ClientResponse(200, {"content-length": "30"}, b"x" * 20, True),
        id="larger than is kept",
    ),
]


@pytest.mark.parametrize("step", [1, 7, 10_000])
@pytest.mark.parametrize(("data", "expected"), CASES)
def test_reads(data: bytes, expected: ClientResponse, step: int) -> None:
    reader = ResponseReader(most_body=20)
    responses = [reader.feed(data[at : at + step]) for at in range(0, len(data), step)]
    assert responses[-1] == expected
    assert all(response is None for response in responses[:-1])


def test_a_body_up_to_the_end_of_the_connection() -> None:
    reader = ResponseReader(most_body=20)
    assert reader.feed(b"HTTP/1.0 200 OK\r\nServer: x\r\n\r\nab") is None
    response = reader.feed(b"")
    assert response is not None
    assert (response.body, response.keep_alive) == (b"ab", False)


@pytest.mark.parametrize(
    "data", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab", b"HTTP/1.1 200 OK\r\nContent-Le", b"SSH-2.0-x\r\n"]
)
def test_what_is_no_whole_response(data: bytes) -> None:
    def read() -> None:
        reader = ResponseReader(most_body=20)
        for part in (data, b""):
            reader.feed(part)

    with pytest.raises(HttpClientError):
        read()
