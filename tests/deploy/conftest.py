"""The deployment that the tests of the lab share: hosts take a while to be deployed."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.deploy.deployment import Deployment, deployed
from tests.deploy.lab import Lab, LabError


@pytest.fixture(scope="session")
def deployment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """Vedette on two hosts, as the playbook has left it."""
    try:
        with deployed(tmp_path_factory.mktemp("wheels")) as deployment:
            yield deployment
    except LabError as error:
        pytest.fail(str(error), pytrace=False)


@pytest.fixture(scope="session")
def lab(deployment: Deployment) -> Lab:
    """The hosts of ``deployment``."""
    return deployment.lab
