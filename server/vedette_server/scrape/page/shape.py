"""Shapes: which series a page holds, and where the value of each one goes."""

from __future__ import annotations

from collections import defaultdict
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


class ShapeBuilder:
    """Learns the shape and the template of a page, line by line, and reads its values on the way."""

    def __init__(self, rules: LabelRules, target: Labels, reader: LineReader, *, openmetrics: bool) -> None:
        self._rules = rules
        self._target = target
        self._reader = reader
        self._template = TemplateBuilder(openmetrics=openmetrics)
        self._members: dict[Labels, dict[str, list[tuple[int, str, Labels]]]] = defaultdict(lambda: defaultdict(list))
        self._seen: set[tuple[Labels, str, Labels]] = {(target, name, ()) for name in OWN_NAMES}
        self._values: list[float] = []
        self._times: list[int] = []
        self._loose: list[int] = []
        self._loose_labels: list[Labels] = []
        self._target_names = {name for name, _ in target}
        self._is_of_any_target = True

    def take(self, line: str) -> None:
        """Take the next line, without its line feed.

        Raises:
            ValueError: it is malformed.
            LimitError: it goes beyond a limit.
        """
        sample = self._reader.take(line)
        if sample is None:
            self._template.text(f"{line}\n".encode())
            return
        place = len(self._values)
        timed = sample.timestamp_ms is not None
        self._template.sample(line[: sample.value_at].encode(), timed=timed, place=place)
        self._values.append(sample.value)
        self._times.append(NO_TIME if sample.timestamp_ms is None else sample.timestamp_ms)
        name, labels = parse_series(sample.series)
        if self._rules.honor_labels and '""' in sample.series:
            labels = read_series(sample.series)[1]
        target = self._target
        if not self._target_names.isdisjoint([label for label, _ in labels]):
            target, labels = lay_over(labels, target, honor_labels=self._rules.honor_labels)
            self._is_of_any_target = self._is_of_any_target and not self._rules.honor_labels
        elif self._rules.honor_labels:
            labels = tuple(pair for pair in labels if pair[1])
        self._rules.check(name, labels, target)
        if timed and self._rules.honor_timestamps:
            self._loose.append(place)
            self._loose_labels.append(with_labels(labels, **dict(target), **{METRIC_NAME: name}))
        elif (target, name, labels) not in self._seen:
            self._seen.add((target, name, labels))
            family = self._reader.index.of_sample(name)
            self._members[target][family.name].append((place, name, labels))

    def build(self) -> tuple[Shape, Template, Values, Times]:
        """Return (shape, template, values by place, timestamps by place).

        Raises:
            LimitError: there are too many samples.
        """
        self._rules.check_count(len(self._values))
        self._reader.families()
        others = [target for target in self._members if target != self._target]
        parts = [self._part(self._target, None), *(self._part(target, encode_target(target)) for target in others)]
        shape = Shape(
            tuple(parts),
            len(self._values),
            np.array(self._loose, np.int32),
            tuple(self._loose_labels),
            self._is_of_any_target and not self._loose,
        )
        return shape, self._template.build(), np.array(self._values), np.array(self._times, np.int64)

    def _part(self, target: Labels, encoded: bytes | None) -> Part:
        families = _own_families() if encoded is None else {}
        places = {name: [place] for place, name in enumerate(OWN_NAMES)} if encoded is None else {}
        known = self._reader.index.families
        for name, members in self._members[target].items():
            said = known[name]
            family = families.setdefault(name, MetricFamily(said.name, said.type, said.help, said.unit))
            family.samples += [Sample(sample_name, labels, 0.0) for _, sample_name, labels in members]
            places.setdefault(name, []).extend(place + len(OWN_NAMES) for place, _, _ in members)
        order = np.array([place for name in families for place in places[name]], np.int32)
        whole = len(order) == len(OWN_NAMES) + len(self._values) and bool((order == np.arange(len(order))).all())
        return Part(encoded, layout_of(families.values()), None if whole else order)


def learn_page(
    page: bytes, rules: LabelRules, target: Labels, *, openmetrics: bool
) -> tuple[Shape, Template, Values, Times]:
    """Return (shape, template, values, timestamps) of a page that ends in a line feed.

    Raises:
        ExpositionError: a line is malformed, or a page of OpenMetrics lacks its end.
        LimitError: the page goes beyond a limit.
    """
    reader = OpenMetricsReader() if openmetrics else TextReader()
    builder = ShapeBuilder(rules, target, reader, openmetrics=openmetrics)
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
