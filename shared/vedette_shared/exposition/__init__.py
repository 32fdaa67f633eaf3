"""Pages of metrics: the text format 0.0.4 and OpenMetrics 1.0, read and written, and protobuf, read."""

from vedette_shared.exposition.lines import LineReader
from vedette_shared.exposition.negotiation import choose_content_type, choose_encoding
from vedette_shared.exposition.numbers import format_value, parse_value
from vedette_shared.exposition.openmetrics_families import FamilyHead, family_head
from vedette_shared.exposition.openmetrics_lines import END
from vedette_shared.exposition.openmetrics_reader import OpenMetricsReader, parse_openmetrics
from vedette_shared.exposition.openmetrics_rules import SUFFIXES
from vedette_shared.exposition.openmetrics_writer import format_seconds, write_openmetrics
from vedette_shared.exposition.protobuf_reader import ProtobufPage, parse_protobuf
from vedette_shared.exposition.protocols import (
    DEFAULT_PROTOCOLS,
    PageFormat,
    ScrapeProtocol,
    accept_header,
    check_protocols,
    page_format,
)
from vedette_shared.exposition.series import parse_series, read_series
from vedette_shared.exposition.text_reader import TextReader, decode_page, parse_text
from vedette_shared.exposition.text_writer import write_text

TEXT_CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
OPENMETRICS_CONTENT_TYPE = "application/openmetrics-text; version=1.0.0; charset=utf-8"

__all__ = [
    "DEFAULT_PROTOCOLS",
    "END",
    "OPENMETRICS_CONTENT_TYPE",
    "SUFFIXES",
    "TEXT_CONTENT_TYPE",
    "FamilyHead",
    "LineReader",
    "OpenMetricsReader",
    "PageFormat",
    "ProtobufPage",
    "ScrapeProtocol",
    "TextReader",
    "accept_header",
    "check_protocols",
    "choose_content_type",
    "choose_encoding",
    "decode_page",
    "family_head",
    "format_seconds",
    "format_value",
    "page_format",
    "parse_openmetrics",
    "parse_protobuf",
    "parse_series",
    "parse_text",
    "parse_value",
    "read_series",
    "write_openmetrics",
    "write_text",
]
