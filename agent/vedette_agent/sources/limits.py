"""What one source may cost, so that none makes the agent a burden."""

from __future__ import annotations

import msgspec

from vedette_shared.config import Size


class SourceLimits(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``[limits]``: bounds of each source.

    Attributes:
        series: Of one collection; one with more fails as a whole, as a scrape does.
        bytes: That the names and labels of its series take, and that one child may write.
        cpu: Share of one core over time; a source that uses more is collected less often.
    """

    series: int = 20_000
    bytes: Size = Size(8 * 2**20)
    cpu: float = 0.2

    def __post_init__(self) -> None:
        if self.series < 1 or self.bytes < 1024 or not 0 < self.cpu <= 1:
            raise ValueError("series must be at least 1, bytes at least 1kB, and cpu more than 0 and at most 1")
