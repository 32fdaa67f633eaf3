"""``POST /api/v1/read``: raw samples for another Prometheus."""

from __future__ import annotations

from dataclasses import dataclass

import cramjam
from starlette.requests import Request
from starlette.responses import Response

from vedette_server.api.errors import ApiError
from vedette_server.api.parameters import read_body
from vedette_server.api.remote.messages import SAMPLES, ReadQuery, ReadRequest, decode_request, encode_response
from vedette_server.api.remote.protobuf import ProtobufError
from vedette_server.api.running import Call, Running
from vedette_server.storage.interface import Querier, SelectHints, SeriesSet

MAX_BODY = 2**20
MAX_SAMPLES = 10_000_000
"""An answer is one block in memory, about 20 bytes a sample."""

PROTOBUF = "application/x-protobuf"


@dataclass(frozen=True, slots=True)
class RemoteRead:
    """Answers remote reads."""

    querier: Querier
    running: Running
    max_samples: int = MAX_SAMPLES

    async def read(self, request: Request) -> Response:
        """The samples that the queries of the body select."""
        wanted = _decode(await read_body(request, MAX_BODY))
        if wanted.accepted and SAMPLES not in wanted.accepted:
            raise ApiError("bad_data", "only answers of the type SAMPLES are given")

        def work(call: Call) -> Response:
            results: list[SeriesSet] = []
            for query in wanted.queries:
                results.append(self._select(query, self.max_samples - call.samples))
                call.samples += len(results[-1].values)
            body = bytes(cramjam.snappy.compress_raw(encode_response(results)))
            return Response(body, headers={"content-encoding": "snappy"}, media_type=PROTOBUF)

        text = " or ".join(f"{{{_shown(query)}}}" for query in wanted.queries)
        return await self.running.answer(request, "read", text, work)

    def _select(self, query: ReadQuery, limit: int) -> SeriesSet:
        return self.querier.select(query.matchers, query.start, query.end, SelectHints(limit=max(limit, 1)))


def _decode(body: bytes) -> ReadRequest:
    try:
        if cramjam.snappy.decompress_raw_len(body) > MAX_BODY:
            raise ApiError("bad_data", f"the request has more than {MAX_BODY} bytes", status=413, limit="body")
        return decode_request(bytes(cramjam.snappy.decompress_raw(body)))
    except (cramjam.DecompressionError, ProtobufError) as error:
        raise ApiError("bad_data", f"the body is not a request for remote read: {error}") from error


def _shown(query: ReadQuery) -> str:
    return ",".join(f"{matcher.name}{matcher.op.value}{matcher.value!r}" for matcher in query.matchers)
