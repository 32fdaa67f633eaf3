"""Asks smartctl: which disks there are, and how one is."""

from __future__ import annotations

from dataclasses import dataclass

from vedette_agent.children import ChildLimits, Tool
from vedette_agent.children.tools import NOT_PERMITTED
from vedette_agent.disks.config import DisksConfig
from vedette_agent.disks.device import Device, devices_of
from vedette_agent.disks.document import asleep, exit_status, failure, parse_document
from vedette_agent.documents import Document
from vedette_agent.errors import CollectorError

OUTPUT_BYTES = 2 * 2**20
RIGHTS = "the agent may not ask disks: give it the rights that systemd/README.md tells, or set disks.enabled = false"


@dataclass(frozen=True, slots=True)
class DiskReport:
    """How a disk is.

    Attributes:
        device: Where.
        document: What smartctl told; of a disk that sleeps, when it was last awake: empty before that.
        asleep: ``STANDBY`` or ``SLEEP``; empty for one that was asked.
    """

    device: Device
    document: Document
    asleep: str = ""


class NotPermittedError(CollectorError):
    """The agent's user has not the rights that it takes."""


class Smartctl:
    """smartctl at the path ``program``, used as ``config`` says."""

    def __init__(self, program: str, config: DisksConfig) -> None:
        self._tool = Tool(program)
        self._config = config
        timeout = config.timeout.seconds
        self._limits = ChildLimits(timeout, OUTPUT_BYTES, timeout)
        self._awake: dict[Device, Document] = {}

    async def scan(self) -> tuple[Device, ...]:
        """Return the disks that there are.

        Raises:
            CollectorError: smartctl cannot tell.
        """
        if not self._config.scan:
            return tuple(devices_of(None, self._config))
        types = [f"--device={kind}" for kind in self._config.scan_types]
        end = await self._tool.run("scan", ["--json", "--scan", *types], self._limits)
        document = parse_document(end.output)
        if exit_status(document) & 1:
            raise CollectorError(failure(document))
        devices = tuple(devices_of(document, self._config))
        self._awake = {device: last for device, last in self._awake.items() if device in devices}
        return devices

    async def ask(self, device: Device) -> DiskReport:
        """Return how ``device`` is, without waking it.

        Raises:
            CollectorError: it cannot be asked.
        """
        log = "--xall" if self._config.extended else "--all"
        options = ["--json", log, "--nocheck=standby", "--tolerance=verypermissive", f"--device={device.type}"]
        end = await self._tool.run(device.label, [*options, device.name], self._limits)
        document = parse_document(end.output)
        if sleep := asleep(document):
            return DiskReport(device, self._awake.get(device, {}), sleep)
        if problem := failure(document):
            if any(sign in problem.lower() for sign in NOT_PERMITTED):
                raise NotPermittedError(f"{problem}: {RIGHTS}")
            raise CollectorError(problem)
        self._awake[device] = document
        return DiskReport(device, document)
