"""Modules of vendors: what is walked of a device, and the whole page that comes of it.

The recordings in ``vendors`` are made up from what the MIBs say: real identifiers and types, plausible values, no real
device. Beside each stands the page, which is written anew by ``python -m tests.agent.snmp.test_vendors``.
"""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import trio

from tests.agent.snmp.agents import NEED_SNMPSIM, Running, snmpsim
from tests.agent.snmp.devices import device
from vedette_shared.exposition import write_text

VENDORS = Path(__file__).parent / "vendors"
NAMES = sorted(path.stem for path in VENDORS.glob("*.snmprec"))
PATIENT = {"answer_timeout": "20s", "timeout": "60s"}


async def page_of(port: int, name: str) -> str:
    """What the module ``name`` makes of the recording of that name, without the series about the scrape."""
    source = device(port, community=name, modules=[name], **PATIENT)
    families = await source.collect()
    assert source.problems() == {}
    return write_text([family for family in families if not family.name.startswith("snmp_scrape_")]).decode()


@pytest.fixture(scope="module")
def devices(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with snmpsim(tmp_path_factory.mktemp("vendors"), recordings()) as running:
        yield running


def recordings() -> dict[str, str]:
    return {name: (VENDORS / f"{name}.snmprec").read_text() for name in NAMES}


@NEED_SNMPSIM
@pytest.mark.parametrize("name", NAMES)
async def test_the_page(devices: Running, name: str) -> None:
    """What a device does not have is no series."""
    assert await page_of(devices.port, name) == (VENDORS / f"{name}.prom").read_text()


def write_pages() -> None:
    """Write the pages anew: to be read before they are kept."""
    with tempfile.TemporaryDirectory() as folder, snmpsim(Path(folder), recordings()) as running:
        for name in NAMES:
            (VENDORS / f"{name}.prom").write_text(trio.run(page_of, running.port, name))


if __name__ == "__main__":
    write_pages()
