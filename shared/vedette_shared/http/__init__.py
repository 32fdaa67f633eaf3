"""A small HTTP/1.1 server: a sans-IO reader of requests and a thin trio shell, for the agent's page and the ingest."""

from vedette_shared.http.messages import Request, Response, encode_response
from vedette_shared.http.reader import ExpectsContinue, Limits, Refusal, RequestReader
from vedette_shared.http.serve import Handler, serve

__all__ = [
    "ExpectsContinue",
    "Handler",
    "Limits",
    "Refusal",
    "Request",
    "RequestReader",
    "Response",
    "encode_response",
    "serve",
]
