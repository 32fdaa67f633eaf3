"""Side by side with snmp_exporter on the same devices: what it makes of the same declarations."""

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
import trio

from tests.agent.snmp.agents import NEED_SNMPSIM, snmpsim
from tests.agent.snmp.devices import device
from tests.agent.snmp.exporter import EXPORTER, comparable, configuration, exported, exporter
from tests.agent.snmp.switches import switch
from tests.agent.snmp.test_vendors import NAMES, PATIENT, recordings
from vedette_agent.snmp.declarations import load_modules
from vedette_shared.labels import Labels
from vedette_shared.metrics import MetricFamily

pytestmark = [NEED_SNMPSIM, pytest.mark.skipif(shutil.which(EXPORTER) is None, reason=f"{EXPORTER} is not installed")]

HERE = Path(__file__).parent
REFUSED = frozenset({"servertech_sentry4"})
"""The exporter answers 500 where two outlets bear one name; ours keep their index then."""
DEVICES = {"if_mib": "sw48", "kinds": "kinds", **{name: name for name in NAMES if name not in REFUSED}}
"""The community, by module."""


RECORDINGS = {"sw48": switch(48), "kinds": (HERE / "kinds.snmprec").read_text(), **recordings()}


@dataclass
class Both:
    port: int
    address: str


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Both]:
    """Devices, and the exporter that knows how to ask them."""
    modules = {
        name: configuration(comparable(load_modules((name,), HERE)[name]), community)
        for name, community in DEVICES.items()
    }
    devices, peer = tmp_path_factory.mktemp("devices"), tmp_path_factory.mktemp("exporter")
    with snmpsim(devices, RECORDINGS) as running, exporter(peer, modules) as address:
        yield Both(running.port, address)


def series(families: Sequence[MetricFamily], names: frozenset[str]) -> dict[tuple[str, str, str, Labels], str]:
    """Values, as texts, by name, type, help and labels; those that grow by the second are only there."""
    return {
        (sample.name, family.type.value, family.help, sample.labels): "" if sample.name in names else repr(sample.value)
        for family in families
        for sample in family.samples
        if not family.name.startswith("snmp_scrape_")
    }


GROWING = frozenset({"ifHCInOctets", "ifHCInUcastPkts", "ifHCOutOctets", "ifHCOutUcastPkts"}) | frozenset(
    {"ifInOctets", "ifInUcastPkts", "ifOutOctets", "ifOutUcastPkts"}
)


@pytest.mark.parametrize("name", sorted(DEVICES))
async def test_same_series_and_values(both: Both, name: str) -> None:
    """But for what version 0.21 cannot do."""
    source = device(both.port, community=DEVICES[name], folder=HERE, modules=[name], **PATIENT)
    module = load_modules((name,), HERE)[name]
    source._modules = {name: comparable(module)}
    theirs = series(await trio.to_thread.run_sync(exported, both.address, both.port, name), GROWING)
    ours = series(await source.collect(), GROWING)
    assert ours == theirs
