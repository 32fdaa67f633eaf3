"""Run within a virtual machine: reads its BMC through the kernel's device, twice, and prints the series as JSON."""

import json

import trio

from tests.agent.ipmi.asking import values_of
from vedette_agent.ipmi.config import IPMI_COLLECTORS
from vedette_agent.ipmi.device import DeviceTarget
from vedette_agent.ipmi.families import bmc_families
from vedette_agent.ipmi.session_bmc import SessionBmc


async def main() -> None:
    slots = trio.Semaphore(1)
    bmc = SessionBmc(DeviceTarget(), 30.0, lambda: slots)
    for _ in range(2):
        report = await bmc.read((*IPMI_COLLECTORS, "bmc-watchdog"))
    bmc.close()
    values = values_of(bmc_families(report, (), 0.0))
    print(json.dumps([[name, labels, repr(value)] for (name, labels), value in values.items()]))


trio.run(main)
