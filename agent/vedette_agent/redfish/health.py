"""The health of the machine's parts: read some at a time and in turn, as there may be a hundred and a BMC is slow.

Source: DMTF DSP2046: ComputerSystem, Chassis, Manager, Memory, Processor, Storage, Drive, Volume.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Awaitable, Callable, Iterable

from vedette_agent.ipmi.readings import Part
from vedette_agent.redfish.resources import (
    ID,
    AnswerError,
    Resource,
    children,
    health,
    is_expanded,
    is_there,
    link,
    members,
    number,
    text,
)

MOST_PARTS = 512
MOST_AT_A_TIME = 24
"""Requests for parts at one reading."""

Get = Callable[[str], Awaitable[Resource]]

_BELOW = {
    "system": (("Memory", "memory_module"), ("Processors", "cpu"), ("Storage", "storage")),
    "storage": (("Volumes", "storage_volume"), ("Controllers", "storage_controller")),
}
"""Collections that a part links to, and what their members are."""

_INFO = {
    "system": {"manufacturer": "Manufacturer", "model": "Model", "serial": "SerialNumber", "sku": "SKU"},
    "memory_module": {"manufacturer": "Manufacturer", "type": "MemoryDeviceType", "serial": "SerialNumber"},
    "cpu": {"manufacturer": "Manufacturer", "model": "Model", "socket": "Socket"},
    "storage_drive": {"manufacturer": "Manufacturer", "model": "Model", "serial": "SerialNumber", "name": "Name"},
    "storage_controller": {"manufacturer": "Manufacturer", "model": "Model", "firmware": "FirmwareVersion"},
}


class HealthWalk:
    """Goes through the parts, again and again; remembers those of the rounds before until a round is done.

    Args:
        roots: The kinds and paths that a round begins with.
        expand: The query that asks for members along with their collection; empty where that is not served.
    """

    def __init__(self, roots: Iterable[tuple[str, str]], expand: str) -> None:
        self._roots = tuple(roots)
        self._expand = expand
        self._queue: deque[tuple[str, str, str]] = deque()
        self._visited: set[str] = set()
        self._parts: dict[str, Part] = {}
        self._round: dict[str, Part] = {}

    async def step(self, get: Get, may_go_on: Callable[[], bool]) -> tuple[Part, ...]:
        """Read more parts while ``may_go_on`` lets it; return all that are known.

        Raises:
            CollectorError: the service cannot be reached.
        """
        if not self._queue:
            self._visited = set()
            for kind, path in self._roots:
                self._enqueue(kind, path, "")
        for _ in range(MOST_AT_A_TIME):
            if not self._queue or not may_go_on():
                break
            kind, path, storage = self._queue.popleft()
            try:
                resource = await get(path)
            except AnswerError:
                continue  # a part that is listed and not to be had: it has no health to tell
            self._take(kind, path, storage, resource)
        if not self._queue:
            self._parts, self._round = self._round, {}
            return tuple(self._parts.values())
        return tuple({**self._parts, **self._round}.values())

    def _enqueue(self, kind: str, path: str, storage: str) -> None:
        if path and path not in self._visited and len(self._visited) < MOST_PARTS:
            self._visited.add(path)
            self._queue.append((kind, path, storage))

    def _take(self, kind: str, path: str, storage: str, resource: Resource) -> None:
        if "Members" not in resource:
            self._note(kind, path, storage, resource)
            return
        for member in members(resource):
            if is_expanded(member):
                self._note(kind, text(member, ID), storage, member)
            else:
                self._enqueue(kind, text(member, ID), storage)
        self._enqueue(kind, text(resource, "Members@odata.nextLink"), storage)

    def _note(self, kind: str, path: str, storage: str, resource: Resource) -> None:
        if not is_there(resource) or len(self._round) >= MOST_PARTS:
            return
        own = text(resource, "Id", "MemberId") or path.rpartition("/")[2]
        self._round[path] = Part(kind, own, storage, health(resource), _values(kind, resource), _info(kind, resource))
        for name, below in _BELOW.get(kind, ()):
            collection = link(resource, name)
            if collection:
                self._enqueue(below, collection + self._expand, own if kind == "storage" else "")
        if kind == "storage":
            for place, controller in enumerate(children(resource, "StorageControllers")):
                if is_expanded(controller):
                    self._note("storage_controller", f"{path}#/{place}", own, controller)
            for drive in children(resource, "Drives"):
                self._enqueue("storage_drive", text(drive, ID), own)


def _values(kind: str, resource: Resource) -> dict[str, float]:
    if kind != "storage_drive":
        return {}
    told = {
        "capacity_bytes": number(resource, "CapacityBytes"),
        "life_left_percent": number(resource, "PredictedMediaLifeLeftPercent"),
        "failure_predicted": float(resource["FailurePredicted"] is True)
        if isinstance(resource.get("FailurePredicted"), bool)
        else math.nan,
    }
    return {name: value for name, value in told.items() if not math.isnan(value)}


def _info(kind: str, resource: Resource) -> dict[str, str]:
    return {name: text(resource, key) for name, key in _INFO.get(kind, {}).items()}
