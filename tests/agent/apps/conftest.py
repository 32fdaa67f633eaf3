"""Fixtures for tests with real servers."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture
def home() -> Iterator[Path]:
    """A folder that any user may enter, which pytest's own are not."""
    with tempfile.TemporaryDirectory(prefix="vedette-") as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)
