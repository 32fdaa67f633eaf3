"""Results of queries as the JSON of Prometheus' API, written straight from the arrays."""

from vedette_server.api.results.encode import encode_label_sets, encode_result, warm_up

__all__ = ["encode_label_sets", "encode_result", "warm_up"]
