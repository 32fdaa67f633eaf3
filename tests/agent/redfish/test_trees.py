"""BMCs of four makers, from login to page: each tree beside the series that it gives."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.agent.redfish.running import HERE, Service
from vedette_shared.exposition import write_text

GOLDEN = {file.stem: file.read_text().splitlines() for file in (HERE / "trees").glob("*.prom")}


@pytest.mark.parametrize("maker", sorted(GOLDEN))
async def test_page(serve: Callable[[str], Service], maker: str) -> None:
    golden = GOLDEN[maker]
    source = serve(maker).source()
    page = write_text(await source.collect()).decode()
    ours = ("ipmi_scrape_duration_seconds", "vedette_agent_")
    series = [line for line in page.splitlines() if not line.startswith(("#", *ours))]
    assert series == golden
