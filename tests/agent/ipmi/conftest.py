from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.agent.ipmi.simulator import SimulatedBmc, build_dcmi_module, need


@pytest.fixture(scope="session")
def dcmi_module(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_dcmi_module(tmp_path_factory.mktemp("dcmi"))


@pytest.fixture
def bmc(tmp_path: Path, dcmi_module: Path) -> Iterator[SimulatedBmc]:
    """A BMC that runs for one test."""
    need("ipmi_sim")
    simulated = SimulatedBmc(tmp_path / "bmc", with_dcmi=dcmi_module)
    yield simulated
    simulated.stop()
