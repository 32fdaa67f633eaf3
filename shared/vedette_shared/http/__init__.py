"""HTTP/1.1 small and quick: sans-IO readers and thin trio shells, for the agent's page, its push and the ingest."""

from vedette_shared.http.batches import BatchHandler, Gather, serve_batches
from vedette_shared.http.client import Client
from vedette_shared.http.messages import Request, Response, encode_response, http_date
from vedette_shared.http.reader import ExpectsContinue, Limits, Refusal, RequestReader
from vedette_shared.http.response_reader import ClientResponse, HttpClientError, ResponseReader
from vedette_shared.http.serve import Handler, serve

__all__ = [
    "BatchHandler",
    "Client",
    "ClientResponse",
    "ExpectsContinue",
    "Gather",
    "Handler",
    "HttpClientError",
    "Limits",
    "Refusal",
    "Request",
    "RequestReader",
    "Response",
    "ResponseReader",
    "encode_response",
    "http_date",
    "serve",
    "serve_batches",
]
