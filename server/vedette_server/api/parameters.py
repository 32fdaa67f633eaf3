"""Parameters of a request: query string and form alike, with Prometheus' readings of times and durations."""

from __future__ import annotations

import math
from collections.abc import Sequence
from contextlib import aclosing
from datetime import UTC, datetime
from urllib.parse import parse_qsl

import trio
from starlette.requests import Request

from vedette_server.api.errors import ApiError, bad_parameter
from vedette_shared.durations import parse_duration
from vedette_shared.errors import DurationError

MAX_FORM_BYTES = 4 * 2**20
MAX_FIELDS = 10_000
BODY_TIMEOUT_S = 30.0
FORM = "application/x-www-form-urlencoded"

END_OF_TIME_MS = 2**53
"""Beyond any timestamp, and exact in a double."""

_ENDS_OF_TIME = {
    "-292273086-05-16T16:47:06Z": -END_OF_TIME_MS / 1000,
    "292277025-08-18T07:12:54.999999999Z": END_OF_TIME_MS / 1000,
}
"""How Go's clients of Prometheus write "no bound"."""

_ABSENT = [""]


class Parameters:
    """The parameters of one request."""

    def __init__(self, items: Sequence[tuple[str, str]]) -> None:
        self._values: dict[str, list[str]] = {}
        for name, value in items:
            self._values.setdefault(name, []).append(value)

    @classmethod
    async def of(cls, request: Request) -> Parameters:
        """Read the parameters of the query string, and of a POST's form before them.

        Raises:
            ApiError: the body is no form, is too large or does not come.
        """
        items = request.query_params.multi_items()
        if request.method == "POST":
            items = [*await _form(request), *items]
        return cls(items)

    def text(self, name: str) -> str:
        """The first value of ``name``; empty where it is absent."""
        return self._values.get(name, _ABSENT)[0]

    def all(self, name: str) -> list[str]:
        """All values of ``name``, in order."""
        return self._values.get(name, [])

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
        if not math.isfinite(seconds) or abs(seconds) > END_OF_TIME_MS / 1000:
            raise bad_parameter(name, f'cannot parse "{text}" to a valid duration. It overflows int64')
        return round(seconds * 1000)

    def flag(self, name: str) -> bool:
        """Whether ``name`` is switched on: ``1`` or ``true``."""
        return self.text(name).lower() in ("1", "true")

    def whole(self, name: str, default: int) -> int:
        """A whole number that is not negative; ``default`` where absent.

        Raises:
            ApiError: it is none.
        """
        text = self.text(name) or str(default)
        if not (text.isascii() and text.isdecimal()):
            raise bad_parameter(name, f"{name} must be a non-negative number")
        return int(text)

    def number(self, name: str, default: int) -> int:
        """A whole number of either sign; ``default`` where absent.

        Raises:
            ApiError: it is none.
        """
        text = self.text(name) or str(default)
        digits = text.removeprefix("-")
        if not (digits.isascii() and digits.isdecimal()):
            raise ApiError("bad_data", f"{name} must be a number")
        return int(text)

    def limit(self) -> int:
        """The most entries to return, 0 for no bound.

        Raises:
            ApiError: it is not a whole number.
        """
        return self.whole("limit", 0)

    def time_range(self) -> tuple[int, int]:
        """The times ``start`` and ``end`` in ms, without bounds where they are absent.

        Raises:
            ApiError: one is no time, or they are the wrong way round.
        """
        start, end = self.time_ms("start", -END_OF_TIME_MS), self.time_ms("end", END_OF_TIME_MS)
        if end < start:
            raise bad_parameter("end", "end timestamp must not be before start time")
        return start, end


async def read_body(request: Request, most: int) -> bytes:
    """Return the body of ``request``.

    Raises:
        ApiError: it has more than ``most`` bytes, or does not come.
    """
    too_large = ApiError("bad_data", f"the body has more than {most} bytes", status=413, limit="body")
    stated = request.headers.get("content-length", "")
    if stated.isdecimal() and int(stated) > most:
        raise too_large
    parts: list[bytes] = []
    size = 0
    with trio.move_on_after(BODY_TIMEOUT_S):
        async with aclosing(request.stream()) as stream:
            async for part in stream:
                parts.append(part)
                size += len(part)
                if size > most:
                    raise too_large
        return b"".join(parts)
    raise ApiError("bad_data", f"the body did not come within {BODY_TIMEOUT_S:g} s", status=408)


async def _form(request: Request) -> list[tuple[str, str]]:
    """Read a form. Any other body is passed over: vmalert states a type of JSON, and no body, with its query string."""
    kind = request.headers.get("content-type", FORM).partition(";")[0].strip().lower()
    if kind != FORM:
        return []
    text = (await read_body(request, MAX_FORM_BYTES)).decode(errors="replace")
    try:
        return parse_qsl(text, keep_blank_values=True, max_num_fields=MAX_FIELDS)
    except ValueError:
        raise ApiError("bad_data", f"the form has more than {MAX_FIELDS} fields", status=413, limit="body") from None


def parse_time(text: str) -> int:
    """Return the ms since the epoch that ``text``, RFC 3339 or seconds, names; what no clock shows is cut off.

    Raises:
        ValueError: it is neither.
    """
    try:
        seconds = float(text)
    except ValueError:
        seconds = _rfc3339(text)
    if not math.isfinite(seconds):
        raise ValueError(f'cannot parse "{text}" to a valid timestamp')
    return round(min(max(seconds * 1000, -END_OF_TIME_MS), END_OF_TIME_MS))


def _rfc3339(text: str) -> float:
    if text in _ENDS_OF_TIME:
        return _ENDS_OF_TIME[text]
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
            limit="steps",
        )
