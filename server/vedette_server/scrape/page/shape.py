"""Shapes: which series a page holds, and where the value of each one goes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from vedette_server.scrape.page.kernels import NO_TIME
from vedette_server.scrape.page.series import LabelRules, lay_over
from vedette_server.scrape.page.template import Template, TemplateBuilder, Times, Values
from vedette_shared.errors import ExpositionError
from vedette_shared.exposition import (
    END,
    LineReader,
    OpenMetricsReader,
    TextReader,
    decode_page,
    parse_series,
    parse_value,
    read_series,
)
from vedette_shared.frames import Layout, encode_target, layout_of
from vedette_shared.labels import METRIC_NAME, Labels, with_labels
from vedette_shared.metrics import MetricFamily, MetricType, Sample

OWN_NAMES = (
    "up",
    "scrape_duration_seconds",
    "scrape_samples_scraped",
    "scrape_samples_post_metric_relabeling",
    "scrape_series_added",
)
"""The series that a scrape adds; their values are the first ones of a reading's vector."""

_OWN_HELP = (
    "Whether the last scrape of the target succeeded.",
    "How long the scrape took.",
    "How many samples the page held.",
    "How many samples were left after relabeling.",
    "How many series the scrape before did not have.",
)


@dataclass(frozen=True, slots=True)
class Part:
    """The series of a page that go into one frame.

    Attributes:
        target: The encoded target, or ``None`` for the scraped target itself.
        layout: Its series.
        places: int32, where in the vector of all values those of the layout are; ``None`` for all of them in order.
    """

    target: bytes | None
    layout: Layout
    places: NDArray[np.int32] | None = field(compare=False)

    def values(self, vector: Values) -> bytes:
        """The values of a frame."""
        chosen = vector if self.places is None else vector[self.places]
        return chosen.astype("<f8", copy=False).tobytes()


@dataclass(frozen=True, slots=True)
class Shape:
    """What a page holds. The vector of its values begins with those of ``OWN_NAMES``.

    Attributes:
        parts: One for each target, the scraped one first.
        samples: How many samples the page has.
        loose: int32, the places of samples that keep a timestamp of their own.
        loose_labels: The whole label sets of those.
        is_of_any_target: Whether a page with the same text has this shape whatever the values of the target's labels.
    """

    parts: tuple[Part, ...]
    samples: int
    loose: NDArray[np.int32] = field(compare=False)
    loose_labels: tuple[Labels, ...] = ()
    is_of_any_target: bool = True

    def added_to(self, before: Shape | None) -> int:
        """How many of the series the shape before did not have."""
        if before is self:
            return 0
        known = before.series() if before is not None else set()
        return len(self.series() - known)

    def series(self) -> set[tuple[bytes | None, str, Labels]]:
        """All series with a place, without those of ``OWN_NAMES``."""
        return {
            (part.target, series.name, series.labels)
            for index, part in enumerate(self.parts)
            for place, series in enumerate(part.layout.series)
            if index or place >= len(OWN_NAMES)
        }


def _own_families() -> dict[str, MetricFamily]:
    return {
        name: MetricFamily(name, MetricType.GAUGE, text, samples=[Sample(name, (), 0.0)])
        for name, text in zip(OWN_NAMES, _OWN_HELP, strict=True)
    }


OWN_ONLY = Shape((Part(None, layout_of(_own_families().values()), None),), 0, np.empty(0, np.int32))
"""The shape of a scrape that failed."""


# What the lines of many pages have in common: a series by all that stands before the last blank of its line, where only
# a value follows.
_heads: dict[str, tuple[str, Labels]] = {}
_HEADS_SIZE = 65_536

_Member = tuple[int, str, Labels]


class _Members:
    """The series of one target, by the names of their families; each series once."""

    def __init__(self, own_names: Iterable[str]) -> None:
        self.by_family: dict[str, list[_Member]] = {}
        self._seen: set[tuple[str, Labels]] = {(name, ()) for name in own_names}

    def add(self, family: str, member: _Member) -> None:
        """Add a series, unless it is there already: the first of its samples stands."""
        series = member[1:]
        if series not in self._seen:
            self._seen.add(series)
            self.by_family.setdefault(family, []).append(member)


class ShapeBuilder:
    """Learns the shape and the template of a page, line by line, and reads its values on the way."""

    def __init__(
        self, page: bytes, rules: LabelRules, target: Labels, reader: LineReader, *, openmetrics: bool
    ) -> None:
        self._rules = rules
        self._target = target
        self._target_names = {name for name, _ in target}
        self._reader = reader
        self._template = TemplateBuilder(page, openmetrics=openmetrics)
        self._at = 0
        self._members = {target: _Members(OWN_NAMES)}
        self._own = self._members[target]
        self._values: list[float] = []
        self._times: list[int] = []
        self._loose: list[int] = []
        self._loose_labels: list[Labels] = []
        self._is_of_any_target = True

    def take(self, line: str) -> None:
        """Take the next line, without its line feed.

        Raises:
            ValueError: it is malformed.
            LimitError: it goes beyond a limit.
        """
        begin = self._at
        stop = begin + (len(line) if line.isascii() else len(line.encode()))
        self._at = stop + 1
        head, _, text = line.rpartition(" ")
        known = None if self._rules.honor_labels and '""' in head else _heads.get(head)
        if known is not None:
            name, labels = known
            self._template.sample(stop - len(text), stop, timed=False, place=len(self._values))
            self._add(name, labels, parse_value(text), NO_TIME)
            return
        sample = self._reader.take(line)
        if sample is None:
            return
        value_at = begin + len(line[: sample.value_at].encode())
        timed = sample.timestamp_ms is not None
        self._template.sample(value_at, stop, timed=timed, place=len(self._values))
        name, labels = parse_series(sample.series)
        if self._rules.honor_labels and '""' in sample.series:
            labels = read_series(sample.series)[1]
        elif sample.value_at == len(head) + 1:
            if len(_heads) >= _HEADS_SIZE:
                _heads.clear()
            _heads[head] = (name, labels)
        self._add(name, labels, sample.value, NO_TIME if sample.timestamp_ms is None else sample.timestamp_ms)

    def _add(self, name: str, labels: Labels, value: float, time: int) -> None:
        place = len(self._values)
        self._values.append(value)
        self._times.append(time)
        target, members = self._target, self._own
        if not self._target_names.isdisjoint([label for label, _ in labels]):
            target, labels = lay_over(labels, target, honor_labels=self._rules.honor_labels)
            self._is_of_any_target = self._is_of_any_target and not self._rules.honor_labels
            members = self._members.get(target) or self._members.setdefault(target, _Members(()))
        elif self._rules.honor_labels:
            labels = tuple(pair for pair in labels if pair[1])
        self._rules.check(name, labels, target)
        if time != NO_TIME and self._rules.honor_timestamps:
            self._loose.append(place)
            self._loose_labels.append(with_labels(labels, **dict(target), **{METRIC_NAME: name}))
        else:
            members.add(self._reader.index.of_sample(name).name, (place, name, labels))

    def build(self) -> tuple[Shape, Template, Values, Times]:
        """Return (shape, template, values by place, timestamps by place).

        Raises:
            LimitError: there are too many samples.
        """
        self._rules.check_count(len(self._values))
        known = dict(self._reader.index.families)
        self._reader.families()
        parts = [
            self._part(known, members, None if members is self._own else encode_target(target))
            for target, members in self._members.items()
        ]
        shape = Shape(
            tuple(parts),
            len(self._values),
            np.array(self._loose, np.int32),
            tuple(self._loose_labels),
            self._is_of_any_target and not self._loose,
        )
        return shape, self._template.build(), np.array(self._values), np.array(self._times, np.int64)

    def _part(self, known: Mapping[str, MetricFamily], members: _Members, encoded: bytes | None) -> Part:
        families = _own_families() if encoded is None else {}
        order = {name: [place] for place, name in enumerate(OWN_NAMES)} if encoded is None else {}
        for name, series in members.by_family.items():
            said = known[name]
            family = families.setdefault(name, MetricFamily(said.name, said.type, said.help, said.unit))
            family.samples += [Sample(sample_name, labels, 0.0) for _, sample_name, labels in series]
            order.setdefault(name, []).extend([place + len(OWN_NAMES) for place, _, _ in series])
        places = np.array([place for name in families for place in order[name]], np.int32)
        whole = len(places) == len(OWN_NAMES) + len(self._values) and bool((places == np.arange(len(places))).all())
        return Part(encoded, layout_of(families.values()), None if whole else places)


def learn_page(
    page: bytes, rules: LabelRules, target: Labels, *, openmetrics: bool
) -> tuple[Shape, Template, Values, Times]:
    """Return (shape, template, values, timestamps) of a page that ends in a line feed.

    Raises:
        ExpositionError: a line is malformed, or a page of OpenMetrics lacks its end.
        LimitError: the page goes beyond a limit.
    """
    reader = OpenMetricsReader() if openmetrics else TextReader()
    builder = ShapeBuilder(page, rules, target, reader, openmetrics=openmetrics)
    lines = decode_page(page)[:-1].split("\n")
    if openmetrics and lines[-1] != END:
        raise ExpositionError(f"the page does not end in {END}; it may be cut short", len(lines))
    number = 0
    try:
        for line in lines:
            number += 1
            builder.take(line)
    except ValueError as error:
        raise ExpositionError(str(error), number) from error
    return builder.build()
