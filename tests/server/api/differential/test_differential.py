"""Random queries over random samples: Vedette answers as Debian's Prometheus does, where the semantics are the same.

``grammar.py`` says what is left out because it changed after Prometheus 2.42.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator

import httpx
import pytest
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from tests.server.api.differential.data import SAMPLES, STEP_MS, series
from tests.server.api.differential.grammar import Grammar
from tests.server.api.differential.servers import ask, difference, prometheus, vedette
from vedette_shared.clock import SystemClock

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not shutil.which("prometheus") or not shutil.which("promtool"), reason="prometheus is not installed"
    ),
]

EXAMPLES = int(os.environ.get("DIFFERENTIAL_EXAMPLES", "400"))
SEED = 1
HOURS = 3
BASE = SystemClock().now_ms() // 7_200_000 * 7_200 - HOURS * 3600
LENGTH = SAMPLES * STEP_MS // 1000

QUERIES = Grammar(BASE).queries()

together = settings(
    max_examples=EXAMPLES, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
)


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[httpx.Client, str, str]]:
    """A client and the URLs of both servers."""
    found = series(SEED, BASE * 1000)
    with (
        vedette(tmp_path_factory.mktemp("vedette"), found) as ours,
        prometheus(tmp_path_factory.mktemp("prometheus"), found) as theirs,
        httpx.Client() as client,
    ):
        yield client, ours, theirs


@together
@given(query=QUERIES, second=st.integers(600, LENGTH + 400))
def test_instant(query: str, second: int, both: tuple[httpx.Client, str, str]) -> None:
    """At any moment, also before the first and after the last sample."""
    client, *urls = both
    note(query)
    ours, theirs = (ask(client, url, "query", query=query, time=BASE + second + 0.6) for url in urls)
    assert difference(ours, theirs) == ""


@together
@given(
    query=QUERIES,
    first=st.integers(600, LENGTH),
    count=st.integers(1, 40),
    step=st.sampled_from([7, 15, 60, 301]),
)
def test_range(query: str, first: int, count: int, step: int, both: tuple[httpx.Client, str, str]) -> None:
    """Over any range."""
    client, *urls = both
    start = BASE + first + 0.6
    note(query)
    bounds = {"start": start, "end": start + count * step, "step": step}
    ours, theirs = (ask(client, url, "query_range", query=query, **bounds) for url in urls)
    assert difference(ours, theirs) == ""
