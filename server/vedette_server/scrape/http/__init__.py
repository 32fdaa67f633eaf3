"""The client's side of a scrape: lean, bounded HTTP/1.1 on a connection that is kept."""

from vedette_server.scrape.http.body import decode_body
from vedette_server.scrape.http.client import PageClient, RawPage
from vedette_server.scrape.http.request import Endpoint, make_endpoint

__all__ = ["Endpoint", "PageClient", "RawPage", "decode_body", "make_endpoint"]
