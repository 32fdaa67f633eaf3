"""Turns the collections of one source into frames: the series that a scrape would add, and the labels of the target."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from vedette_agent.sources.interface import Collection, Source
from vedette_agent.sources.layouts import LayoutKeeper
from vedette_agent.sources.timed import Splitter, TimedPart
from vedette_agent.sources.timing import rounded
from vedette_shared.frames import Layout, encode_target, layout_of
from vedette_shared.labels import Labels, make_labels, with_labels
from vedette_shared.metrics import MetricFamily, Sample, count_samples, gauge

EXPORTED = "exported_"


@dataclass(frozen=True, slots=True)
class NewFrame:
    """A frame that has no sequence number yet. ``values`` are the doubles in the order of the layout."""

    timestamp: int
    target: bytes
    source: str
    layout: Layout
    values: bytes = field(repr=False)


def target_labels(job: str, host: str, labels: Labels) -> Labels:
    """Return the labels of a target on this host: ``instance`` is the host, unless ``labels`` say otherwise."""
    return make_labels({"instance": host, **dict(labels), "job": job, "host": host})


def source_target(source: Source, host: str, labels: Labels) -> Labels:
    """Return the labels of a source's target: ``host`` and its ``labels``, unless it is another machine."""
    if source.host:
        host, labels = source.host, make_labels(source.labels)
    return target_labels(source.job, host, with_labels(labels, instance=source.instance) if source.instance else labels)


def with_target(families: Sequence[MetricFamily], source: Source) -> Sequence[MetricFamily]:
    """Return what ``source`` has collected as a page shows it: with the labels of another machine, where it is one."""
    if not source.host and not source.instance:
        return families
    own = {**source.labels, "host": source.host, "instance": source.instance or source.host}
    made: dict[Labels, Labels] = {}
    return [replace(family, samples=[_on(sample, own, made) for sample in family.samples]) for family in families]


def _on(sample: Sample, own: Mapping[str, str], made: dict[Labels, Labels]) -> Sample:
    labels = made.get(sample.labels)
    if labels is None:
        labels = made[sample.labels] = make_labels({**own, **dict(sample.labels)})
    return sample._replace(labels=labels)


class Framing:
    """Makes the frames of one source. Remembers their layouts, which seldom change.

    Args:
        source: The source's name.
        target: The labels of its target.
        reports_up: Whether the frames carry ``up`` and its like.
        most_bytes: That a layout may take; a collection with a larger one counts as failed.
    """

    def __init__(self, source: str, target: Labels, *, reports_up: bool, most_bytes: int = 2**23) -> None:
        self.limited = 0
        self._source = source
        self._target = encode_target(target)
        self._taken = frozenset(name for name, _ in target)
        self._reports_up = reports_up
        self._most_bytes = most_bytes
        self._layouts = LayoutKeeper(self._layout_of)
        self._splitter = Splitter(self._layout_of)

    def frames_of(self, collection: Collection) -> list[NewFrame]:
        """Return the frames of ``collection``: of samples with times of their own, and last the one of all others.

        A collection that failed says so in ``up``, and its series end, but for those with times of their own: they
        end when they are old, as they do in Prometheus. So each layout of theirs counts as a source of its own, which
        has no other that could end it.
        """
        plain, timed = self._splitter.split(collection.families)
        families = [*plain, *(_scrape_series(collection) if self._reports_up else ())]
        layout, values = self._layouts.fit(families)
        frames = [
            *(self._timed_frame(part) for part in timed),
            NewFrame(collection.timestamp_ms, self._target, self._source, layout, values),
        ]
        size = max(len(frame.layout.encoded) for frame in frames)
        if size > self._most_bytes:
            self.limited += 1
            self._layouts = LayoutKeeper(self._layout_of)
            error = f"its series take {size} bytes; those of a source may take {self._most_bytes}"
            return self.frames_of(replace(collection, families=(), error=error))
        return frames

    def _timed_frame(self, part: TimedPart) -> NewFrame:
        source = f"{self._source}@{part.layout.hash.hex()}"
        return NewFrame(part.timestamp_ms, self._target, source, part.layout, part.values)

    def _layout_of(self, families: Sequence[MetricFamily]) -> Layout:
        """The layout, with labels renamed that the target bears too, as a scrape does: ``exported_job`` and so on."""
        layout = layout_of(families)
        if not any(name in self._taken for series in layout.series for name, _ in series.labels):
            return layout
        return layout_of(
            MetricFamily(
                family.name,
                family.type,
                family.help,
                family.unit,
                [Sample(sample.name, self._renamed(sample.labels), sample.value) for sample in family.samples],
            )
            for family in families
        )

    def _renamed(self, labels: Labels) -> Labels:
        return make_labels((EXPORTED + name if name in self._taken else name, value) for name, value in labels)


def _scrape_series(collection: Collection) -> list[MetricFamily]:
    """The series that Prometheus adds to each scrape."""
    return [
        gauge("up", "Whether the source could be collected.", 0.0 if collection.error else 1.0),
        gauge("scrape_duration_seconds", "How long the collection took.", rounded(collection.duration)),
        gauge("scrape_samples_scraped", "Samples collected.", float(count_samples(collection.families))),
    ]
