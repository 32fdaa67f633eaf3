"""Attributes of /sys that each make a series: one number a file."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from vedette_agent.collectors.families import Families, Metric
from vedette_agent.collectors.reading import read_number
from vedette_shared.labels import Labels


class Attribute(NamedTuple):
    """A file, what it measures, and how its unit becomes the metric's."""

    file: str
    metric: Metric
    factor: float = 1.0
    divisor: float = 1.0


def add_attributes(families: Families, folder: str, attributes: Iterable[Attribute], labels: Labels) -> bool:
    """Add those of ``attributes`` that the folder has; return whether it has any."""
    found = False
    for file, metric, factor, divisor in attributes:
        number = read_number(f"{folder}/{file}")
        if number is not None:
            families.add(metric, number * factor / divisor, labels)
            found = True
    return found
