"""A certificate for services, and services that end with the test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.agent.redfish.running import Service, make_certificate


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for 127.0.0.1, signed by itself, and its key, in one file."""
    return make_certificate(tmp_path_factory.mktemp("certificate"))


@pytest.fixture
def serve(tmp_path: Path, certificate: Path) -> Iterator[Callable[[str], Service]]:
    services: list[Service] = []

    def start(tree: str) -> Service:
        folder = tmp_path / f"service{len(services)}"
        folder.mkdir()
        services.append(Service(folder, certificate, tree))
        return services[-1]

    yield start
    for service in services:
        service.stop()
