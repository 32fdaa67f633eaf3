"""Fixtures of the store's tests."""

import pytest

from tests.server.storage.support import NOW
from vedette_shared.clock import ManualClock


@pytest.fixture
def clock() -> ManualClock:
    """A clock that stands still at ``NOW``."""
    return ManualClock(NOW)
