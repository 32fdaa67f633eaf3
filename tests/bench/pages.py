"""Serves the pages of a fleet to whoever scrapes: ``python -m tests.bench.pages HOSTS SERIES``.

Prints the port, then serves ``/HOST/metrics``. Each host has a few pages, rendered before, that take turns.
"""

from __future__ import annotations

import sys

import trio

from tests.bench.fleet import Fleet
from vedette_shared import http
from vedette_shared.addresses import Address
from vedette_shared.exposition import TEXT_CONTENT_TYPE, write_text
from vedette_shared.listening import bound_address, listen_on
from vedette_shared.metrics import MetricFamily, Sample

TURNS = 4


class Pages:
    """The handler of requests."""

    def __init__(self, fleet: Fleet) -> None:
        self._pages: dict[str, list[http.Response]] = {f"/{name}/metrics": [] for name in fleet.names}
        self._turns = dict.fromkeys(self._pages, 0)
        for _ in range(TURNS):
            values = fleet.advance()
            for host, path in enumerate(self._pages):
                body = write_text(_families(fleet, values[host].tolist()))
                self._pages[path].append(http.Response(200, body, TEXT_CONTENT_TYPE))

    async def answer(self, request: http.Request) -> http.Response:
        """The next page of a host."""
        path = request.path
        if path not in self._pages:
            return http.Response(404, b"no such host", "text/plain")
        self._turns[path] += 1
        return self._pages[path][self._turns[path] % TURNS]


def _families(fleet: Fleet, values: list[float]) -> list[MetricFamily]:
    families = [MetricFamily(one.name, one.type, one.help, one.unit) for one in fleet.layout.families]
    for series, value in zip(fleet.layout.series, values, strict=True):
        families[series.family].samples.append(Sample(series.name, series.labels, value))
    return families


async def main(hosts: int, series: int) -> None:
    pages = Pages(Fleet(hosts, series))
    listener = listen_on(Address("127.0.0.1", 0))
    print(bound_address(listener).port, flush=True)
    await http.serve(pages.answer, [listener])


if __name__ == "__main__":
    trio.run(main, int(sys.argv[1]), int(sys.argv[2]))
