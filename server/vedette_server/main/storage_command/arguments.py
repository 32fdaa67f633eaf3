"""Arguments of the command line: selectors of series, and moments."""

from __future__ import annotations

import argparse
import math
from datetime import UTC, datetime

from vedette_server.storage.interface import Matcher
from vedette_shared.clock import SystemClock
from vedette_shared.durations import parse_duration
from vedette_shared.errors import DurationError

Selector = tuple[Matcher, ...]


def selector_argument(text: str) -> Selector:
    """Read a selector such as ``node_load1{job="node"}``, for ``add_argument(type=…)``."""
    from vedette_server.promql import ParseError, parse
    from vedette_server.promql.nodes import NO_SHIFT, VectorSelector

    try:
        found = parse(text)
    except ParseError as error:
        raise argparse.ArgumentTypeError(str(error)) from error
    if not isinstance(found, VectorSelector) or found.shift != NO_SHIFT or found.extension:
        raise argparse.ArgumentTypeError(f"{text!r} is not a plain selector of series")
    return found.matchers


def moment_argument(text: str) -> int:
    """Read a moment, for ``add_argument(type=…)``: seconds, RFC 3339, or how long ago; returns ms."""
    try:
        return SystemClock().now_ms() - parse_duration(text)
    except DurationError:
        pass
    try:
        seconds = float(text)
        if math.isfinite(seconds):
            return round(seconds * 1000)
    except ValueError:
        pass
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"{text!r} is no moment; write it like 2026-11-25T12:00:00Z, 1795608000 (seconds) or 2h (ago)"
        ) from None
    return round((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1000)
