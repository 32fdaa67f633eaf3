"""Templates: the text of a page without its values."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from vedette_server.scrape.page.kernels import MISFIT, read_values
from vedette_shared.exposition import parse_value

Values = NDArray[np.float64]
Times = NDArray[np.int64]

_METADATA = (b"# HELP ", b"# TYPE ", b"# UNIT ", b"# EOF")


@dataclass(frozen=True, slots=True)
class Template:
    """What stands before each value of a page, and after the last one.

    Attributes:
        text: One stretch after the other.
        openmetrics: The page's format.
        ends: int32 of shape (n + 1,), where each stretch ends.
        timed: bool of shape (n,), whether the sample of that line states a timestamp.
        places: int32 of shape (n,), the place of each line's value; ``None`` where that is the line's own number.
    """

    text: bytes
    openmetrics: bool
    ends: NDArray[np.int32] = field(compare=False)
    timed: NDArray[np.bool_] = field(compare=False)
    places: NDArray[np.int32] | None = field(compare=False, default=None)

    def __len__(self) -> int:
        return len(self.timed)

    def read(self, page: bytes, lead: int) -> tuple[Values, Times] | None:
        """Return (vector, timestamps in ms or ``NO_TIME``) by place, or ``None`` if the page is not like this one.

        The vector has ``lead`` zeros before the first value.
        """
        n = len(self)
        vector, times, hard = np.zeros(lead + n), np.empty(n, np.int64), np.empty((n, 3), np.int64)
        values = vector[lead:]
        left = read_values(
            np.frombuffer(page, np.uint8),
            np.frombuffer(self.text, np.uint8),
            self.ends,
            self.timed,
            self.openmetrics,
            values,
            times,
            hard,
        )
        if left == MISFIT:
            return None
        try:
            for index, start, end in hard[:left].tolist():
                values[index] = parse_value(page[start:end].decode())
        except ValueError:
            return None
        if self.places is None:
            return vector, times
        by_place, times_by_place = np.zeros_like(vector), np.empty_like(times)
        by_place[self.places + lead] = values
        times_by_place[self.places] = times
        return by_place, times_by_place

    def heads(self) -> dict[bytes, int]:
        """The place of each series by what stands before its value on the line, the blank included."""
        places = range(len(self)) if self.places is None else self.places.tolist()
        heads: dict[bytes, int] = {}
        begin = 0
        for place, end in zip(places, self.ends.tolist(), strict=False):
            line_at = self.text.rfind(b"\n", begin, end) + 1
            heads[self.text[max(line_at, begin) : end]] = place
            begin = end
        return heads


class TemplateBuilder:
    """Makes the template of a page from where its values are.

    Args:
        page: The page, which ends in a line feed.
        openmetrics: Its format.
    """

    def __init__(self, page: bytes, *, openmetrics: bool) -> None:
        self._page = page
        self._openmetrics = openmetrics
        self._starts: list[int] = []
        self._stops: list[int] = []
        self._timed: list[bool] = []
        self._places: list[int] = []

    def sample(self, start: int, stop: int, *, timed: bool, place: int) -> None:
        """Add a sample whose value is at ``page[start:]`` and whose line ends at ``stop``."""
        self._starts.append(start)
        self._stops.append(stop)
        self._timed.append(timed)
        self._places.append(place)

    def build(self) -> Template:
        """The template of the page."""
        begins = [0, *self._stops]
        ends = [*self._starts, len(self._page)]
        places = np.array(self._places, np.int32)
        in_order = bool((places == np.arange(len(places))).all())
        return Template(
            b"".join([self._page[begin:end] for begin, end in zip(begins, ends, strict=True)]),
            self._openmetrics,
            np.cumsum(np.array(ends) - np.array(begins)).astype(np.int32),
            np.array(self._timed, np.bool_),
            None if in_order else places,
        )


def follow(template: Template, page: bytes) -> tuple[Template, Values] | None:
    """Read a page with the series and the metadata of a template in another order.

    Returns:
        (the template of this page, its values by place), or ``None`` if a series is new, lacking or doubled, a sample
        states a timestamp, metadata have changed, or a line is not a plain one.
    """
    lines = page.split(b"\n")
    lines.pop()
    if template.timed.any() or _metadata(lines) != _metadata(template.text.split(b"\n")):
        return None
    heads = template.heads()
    builder = TemplateBuilder(page, openmetrics=template.openmetrics)
    values = np.empty(len(template))
    at = 0
    try:
        for line in lines:
            stop = at + len(line)
            if line and not line.startswith(b"#"):
                head, blank, value = line.rpartition(b" ")
                place = heads.pop(head + blank)
                values[place] = parse_value(value.decode())
                builder.sample(stop - len(value), stop, timed=False, place=place)
            at = stop + 1
    except (KeyError, ValueError):
        return None
    return None if heads else (builder.build(), values)


def _metadata(lines: list[bytes]) -> list[bytes]:
    return sorted(line for line in lines if line.startswith(_METADATA))
