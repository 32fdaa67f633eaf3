"""How the targets are, as the API shows them."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass

from vedette_shared.labels import Labels


class Health(enum.StrEnum):
    """Of a target, by its last scrape."""

    UP = "up"
    DOWN = "down"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class TargetStatus:
    """One target, as of now.

    Attributes:
        job: Its job.
        url: Its page.
        labels: Of its series.
        discovered_labels: What was known before those were made.
        interval_ms: How often it is scraped.
        timeout_ms: How long a scrape may take.
        health: Up, down, or not scraped yet.
        last_error: Why the last scrape failed; empty if it did not.
        last_scrape_ms: When the last scrape began; 0 before the first.
        last_duration_s: How long it took.
    """

    job: str
    url: str
    labels: Labels
    discovered_labels: Mapping[str, str]
    interval_ms: int
    timeout_ms: int
    health: Health = Health.UNKNOWN
    last_error: str = ""
    last_scrape_ms: int = 0
    last_duration_s: float = 0.0


@dataclass(slots=True)
class ScrapeCounters:
    """What the scraper has done since it began."""

    scrapes: int = 0
    failures: int = 0
    samples: int = 0
    pages_learned: int = 0
    not_stored: int = 0
    ahead: int = 0
    skipped: int = 0
