"""What the terminal's tests share: a fixed time zone, a served fleet, and a driver of the application."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from tests.tui.fake_api import Fleet, serving


@pytest.fixture(autouse=True)
def utc(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Local time is UTC while a test runs."""
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "UTC")
        time.tzset()
        yield
    time.tzset()


@pytest.fixture
def fleet() -> Fleet:
    """An empty fleet, to be filled by the test."""
    return Fleet(time=999_997_200_000)


@pytest.fixture
def url(fleet: Fleet) -> Iterator[str]:
    """Where ``fleet`` is served."""
    with serving(fleet) as address:
        yield address
