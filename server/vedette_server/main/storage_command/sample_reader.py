"""OpenMetrics text, line by line, as batches of loose samples."""

from __future__ import annotations

from array import array
from dataclasses import dataclass
from typing import BinaryIO

import numpy as np

from vedette_server.main.storage_command.exporting import STALE
from vedette_server.storage.interface import LooseSamples
from vedette_shared.errors import ExpositionError
from vedette_shared.exposition import END, OpenMetricsReader, parse_series
from vedette_shared.exposition.lines import SampleLine
from vedette_shared.frames import STALE_NAN, Metadata
from vedette_shared.labels import METRIC_NAME, Labels, make_labels
from vedette_shared.metrics import MetricType

MAX_LINE_BYTES = 1 << 20
LAST_MS = 253_402_300_799_999
"""The end of the year 9999."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Samples of whole lines.

    Attributes:
        labels: Label sets.
        samples: Samples of them.
        line: The last line that is in it.
        size: The bytes of its lines.
    """

    labels: list[Labels]
    samples: LooseSamples
    line: int
    size: int


class SampleReader:
    """Reads a page whose samples all have timestamps. What lies before a bad line is given out first."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._reader = OpenMetricsReader()
        self._names: set[str] = set()
        self._line = 0
        self._error: ExpositionError | None = None
        self._ended = False

    def batch(self, samples: int) -> Batch | None:
        """The next samples, up to so many; ``None`` at the end.

        Raises:
            ExpositionError: the next line is malformed, lacks a timestamp, or the page does not end as it should.
        """
        numbers: dict[str, int] = {}
        series, timestamps, values = array("q"), array("q"), array("d")
        size = 0
        while len(values) < samples and self._error is None and (line := self._file.readline(MAX_LINE_BYTES)):
            self._line += 1
            try:
                sample = self._sample(line)
                if sample is not None:
                    text = sample.series
                    number = numbers.get(text)
                    if number is None:
                        self._names.add(dict(_labels(text))[METRIC_NAME])
                        number = numbers[text] = len(numbers)
                    timestamps.append(_milliseconds(sample))
                    series.append(number)
                    values.append(_value(sample, line))
            except ValueError as error:
                self._error = ExpositionError(str(error), self._line)
                break
            size += len(line)
        if not len(values):
            self._finish()
            return None
        return Batch(
            [_labels(text) for text in numbers],
            LooseSamples(np.array(series, np.int64), np.array(timestamps, np.int64), np.array(values, np.float64)),
            self._line - (self._error is not None),
            size,
        )

    def families(self) -> list[Metadata]:
        """What the page says of the families of which it has samples; after the last batch, or a bad line."""
        bearing = {id(self._reader.index.of_sample(name)) for name in self._names}
        return [
            Metadata(family.name, family.type, family.help, family.unit)
            for family in self._reader.families()
            if id(family) in bearing and (family.type is not MetricType.UNKNOWN or family.help or family.unit)
        ]

    def _finish(self) -> None:
        if self._error is not None:
            raise self._error
        if not self._ended:
            raise ExpositionError(f"the page does not end in {END}; it may be cut short", max(self._line, 1))

    def _sample(self, line: bytes) -> SampleLine | None:
        if self._ended:
            raise ValueError(f"nothing may follow {END}")
        if len(line) >= MAX_LINE_BYTES:
            raise ValueError(f"the line has {MAX_LINE_BYTES} bytes or more")
        text = line.decode("utf-8").removesuffix("\n")
        if text == END:
            self._ended = True
            return None
        if not line.endswith(b"\n"):
            raise ValueError("the line is cut short")
        read = self._reader.read(text)
        return read if isinstance(read, SampleLine) else None


def _labels(series: str) -> Labels:
    name, labels = parse_series(series)
    return make_labels([(METRIC_NAME, name), *labels])


def _milliseconds(sample: SampleLine) -> int:
    if sample.time is None:
        raise ValueError("the sample has no timestamp")
    milliseconds = round(sample.time * 1000)
    if abs(milliseconds) > LAST_MS:
        raise ValueError(f"the timestamp {sample.time:g} is past the year 9999; timestamps are in seconds")
    return milliseconds


def _value(sample: SampleLine, line: bytes) -> float:
    if sample.value == sample.value:
        return sample.value
    at = len(line.decode()[: sample.value_at].encode())
    return STALE_NAN if line[at : at + len(STALE)] == STALE.encode() else sample.value
