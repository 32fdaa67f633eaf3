"""Parameters of a request: query string and form alike, with Prometheus' readings of times and durations."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import UTC, datetime
from urllib.parse import parse_qsl

from starlette.datastructures import MultiDict
from starlette.requests import Request

from vedette_server.api.errors import ApiError, bad_parameter
from vedette_shared.durations import parse_duration
from vedette_shared.errors import DurationError

_MAX_TIME_MS = 2**53


class Parameters:
    """The parameters of one request."""

    def __init__(self, items: Sequence[tuple[str, str]]) -> None:
        self._items = MultiDict(items)

    @classmethod
    async def of(cls, request: Request) -> Parameters:
        """Read the parameters of a GET or of a form-encoded POST."""
        items = list(request.query_params.multi_items())
        if request.method == "POST":
            items += parse_qsl((await request.body()).decode(errors="replace"), keep_blank_values=True)
        return cls(items)

    def text(self, name: str) -> str:
        """The value of ``name``; empty where it is absent."""
        return str(self._items.get(name, ""))

    def all(self, name: str) -> list[str]:
        """All values of ``name``, in order."""
        return self._items.getlist(name)

    def required(self, name: str) -> str:
        """The value of ``name``.

        Raises:
            ApiError: it is absent or empty.
        """
        value = self.text(name)
        if not value:
            raise bad_parameter(name, "it is required")
        return value

    def time_ms(self, name: str, default: int | None) -> int:
        """A time in ms: RFC 3339 or seconds since the epoch; ``default`` where absent.

        Raises:
            ApiError: it is neither, or absent without a default.
        """
        text = self.text(name)
        if not text and default is not None:
            return default
        try:
            return parse_time(text)
        except ValueError as error:
            raise bad_parameter(name, str(error)) from error

    def duration_ms(self, name: str, default: int | None = None) -> int:
        """A duration in ms: ``1m30s`` or seconds; ``default`` where absent.

        Raises:
            ApiError: it is neither, or absent without a default.
        """
        text = self.text(name)
        if not text and default is not None:
            return default
        try:
            seconds = float(text)
        except ValueError:
            try:
                return parse_duration(text)
            except DurationError:
                raise bad_parameter(name, f'cannot parse "{text}" to a valid duration') from None
        if not math.isfinite(seconds) or abs(seconds) > _MAX_TIME_MS / 1000:
            raise bad_parameter(name, f'cannot parse "{text}" to a valid duration. It overflows int64')
        return round(seconds * 1000)

    def flag(self, name: str) -> bool:
        """Whether ``name`` is switched on: ``1`` or ``true``."""
        return self.text(name).lower() in ("1", "true")

    def limit(self) -> int:
        """The most entries to return, 0 for no bound.

        Raises:
            ApiError: it is not a whole number.
        """
        text = self.text("limit") or "0"
        if not text.isdecimal():
            raise bad_parameter("limit", "limit must be a non-negative number")
        return int(text)


def parse_time(text: str) -> int:
    """Return the ms since the epoch that ``text``, RFC 3339 or seconds, names.

    Raises:
        ValueError: it is neither.
    """
    try:
        seconds = float(text)
    except ValueError:
        seconds = _rfc3339(text)
    if not math.isfinite(seconds) or abs(seconds) > _MAX_TIME_MS / 1000:
        raise ValueError(f'cannot parse "{text}" to a valid timestamp')
    return round(seconds * 1000)


def _rfc3339(text: str) -> float:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f'cannot parse "{text}" to a valid timestamp') from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return moment.timestamp()


def check_range(start: int, end: int, step: int, max_steps: int) -> None:
    """Refuse a range query that runs backwards, does not advance or has too many steps.

    Raises:
        ApiError: in Prometheus' wording.
    """
    if end < start:
        raise bad_parameter("end", "end timestamp must not be before start time")
    if step <= 0:
        raise bad_parameter(
            "step", "zero or negative query resolution step widths are not accepted. Try a positive integer"
        )
    if (end - start) // step > max_steps:
        raise ApiError(
            "bad_data",
            f"exceeded maximum resolution of {max_steps:,} points per timeseries."
            " Try decreasing the query resolution (?step=XX)",
        )
