"""Pushes as the agents of a fleet do: ``python -m tests.bench.pushers PORT HOSTS SERIES TICKS INTERVAL``.

Prints ``tick N`` as it goes on. Messages are encoded before, so that the pace holds.
"""

from __future__ import annotations

import sys
import time

import httptools
import trio
import zstandard

from tests.bench.fleet import Fleet
from vedette_shared.frames import Frame, Sender, encode_message

ZSTD_LEVEL = 5


class Host:
    """One agent: a connection, and what it will send."""

    def __init__(self, fleet: Fleet, host: int) -> None:
        self.sender = Sender(fleet.names[host], 1)
        self.bodies: list[bytes] = []
        self._fleet = fleet
        self._host = host
        self._before: Frame | None = None
        self._compressor = zstandard.ZstdCompressor(level=ZSTD_LEVEL)

    def encode(self, sequence: int, timestamp: int, values: object) -> None:
        """Add the message of one collection."""
        frame = self._fleet.frame(self._host, sequence, timestamp, values)  # type: ignore[arg-type]
        layouts = [self._fleet.layout] if sequence == 1 else []
        sent = frame if self._before is None else frame.on_base(self._before)
        self._before = frame
        self.bodies.append(self._compressor.compress(encode_message(self.sender, layouts, [sent])))


class _Answer:
    def __init__(self) -> None:
        self.complete = False
        self.body = b""

    def on_body(self, data: bytes) -> None:
        self.body += data

    def on_message_complete(self) -> None:
        self.complete = True


async def push(stream: trio.SocketStream, body: bytes) -> None:
    """One request and its answer."""
    head = f"POST /v1/push HTTP/1.1\r\nHost: x\r\nContent-Encoding: zstd\r\nContent-Length: {len(body)}\r\n\r\n"
    await stream.send_all(head.encode() + body)
    answer = _Answer()
    parser = httptools.HttpResponseParser(answer)
    while not answer.complete:
        data = await stream.receive_some(65536)
        if not data:
            raise ConnectionError("the server closed the connection")
        parser.feed_data(data)
    if parser.get_status_code() != 200:
        raise ConnectionError(f"the server answered {parser.get_status_code()}: {answer.body[:200]!r}")


async def main(port: int, hosts: int, series: int, ticks: int, interval: float) -> None:
    senders = _encode(Fleet(hosts, series), ticks, interval)
    streams = [await trio.open_tcp_stream("127.0.0.1", port) for _ in senders]
    begin = trio.current_time() + 0.5

    async def run(host: int) -> None:
        for tick in range(ticks):
            await trio.sleep_until(begin + (tick + host / hosts) * interval)
            await push(streams[host], senders[host].bodies[tick])

    async with trio.open_nursery() as nursery:
        for host in range(hosts):
            nursery.start_soon(run, host)
        for tick in range(ticks):
            await trio.sleep_until(begin + tick * interval)
            print("tick", tick, flush=True)
    print("done", hosts * series * ticks, flush=True)


def _encode(fleet: Fleet, ticks: int, interval: float) -> list[Host]:
    """All that the hosts will send, which takes a millisecond a message: not to be done beside the server."""
    hosts = len(fleet)
    senders = [Host(fleet, host) for host in range(hosts)]
    begin_ms = int(time.time() * 1000) - 1000
    for tick in range(ticks):
        values = fleet.advance()
        for host, sender in enumerate(senders):
            sender.encode(tick + 1, begin_ms + round((tick + host / hosts) * interval * 1000), values)
    return senders


if __name__ == "__main__":
    trio.run(main, *(int(word) for word in sys.argv[1:5]), float(sys.argv[5]))
