"""What there is to read: the systems, chassis, managers and logs that a service root leads to, and their links.

It seldom changes, and so is read once and again every ten minutes.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from vedette_agent.redfish.log import choose_log
from vedette_agent.redfish.resources import ID, AnswerError, Resource, child, link, members, text

INVENTORY_S = 600.0
MOST_MEMBERS = 32
MOST_PAGES = 8
MOST_LOGS = 16

Get = Callable[[str], Awaitable[Resource]]


@dataclass(frozen=True, slots=True)
class Chassis:
    """Where the sensors of a chassis are; links that it has not are empty."""

    path: str
    id: str
    manufacturer: str
    thermal: str
    power: str
    sensors: str
    fans_of: str
    supplies_of: str
    environment: str

    @classmethod
    def of(cls, path: str, resource: Resource) -> Chassis:
        """Return what the Chassis resource at ``path`` links to."""
        return cls(
            path,
            text(resource, "Id") or path.rstrip("/").rpartition("/")[2],
            text(resource, "Manufacturer"),
            link(resource, "Thermal"),
            link(resource, "Power"),
            link(resource, "Sensors"),
            link(resource, "ThermalSubsystem"),
            link(resource, "PowerSubsystem"),
            link(resource, "EnvironmentMetrics"),
        )


@dataclass(frozen=True, slots=True)
class Inventory:
    """Paths, in the order of the service.

    Attributes:
        log: Of the log service that is the system event log; empty where there is none.
        entries: Of its entries.
        expand: The query that asks for a collection along with its members; empty where that is not served.
    """

    systems: tuple[str, ...]
    chassis: tuple[Chassis, ...]
    managers: tuple[str, ...]
    log: str
    entries: str
    expand: str

    @property
    def roots(self) -> tuple[tuple[str, str], ...]:
        """The kinds and paths of what stands at the top."""
        systems = [("system", path) for path in self.systems]
        chassis = [("chassis", one.path) for one in self.chassis]
        return (*systems, *chassis, *(("manager", path) for path in self.managers))


def expand_query(root: Resource) -> str:
    """Return the query for collections with their members, if the service says that it answers one."""
    features = child(root, "ProtocolFeaturesSupported", "ExpandQuery")
    return "?$expand=." if features.get("NoLinks") is True else ""


async def read_inventory(root: Resource, get: Get) -> Inventory:
    """Return what ``root`` leads to.

    Raises:
        CollectorError: the service cannot be reached.
    """
    systems = await member_paths(link(root, "Systems"), get)
    managers = await member_paths(link(root, "Managers"), get)
    chassis = []
    for path in await member_paths(link(root, "Chassis"), get):
        resource = await get_if_there(path, get)
        if resource:
            chassis.append(Chassis.of(path, resource))
    service = choose_log(await _log_services((*systems, *managers, *(one.path for one in chassis)), get))
    expand = expand_query(root)
    log, entries = (text(service, ID), link(service, "Entries")) if service else ("", "")
    return Inventory(systems, tuple(chassis), managers, log, entries, expand)


async def get_if_there(path: str, get: Get) -> Resource:
    """Return the resource at ``path``; an empty one where it is not to be had: some BMCs list parts that are not there.

    Raises:
        CollectorError: the service cannot be reached.
    """
    try:
        return await get(path)
    except AnswerError:
        return {}


async def member_paths(path: str, get: Get) -> tuple[str, ...]:
    """Return where the members of the collection at ``path`` are, over its pages; none where it is not to be had."""
    paths: list[str] = []
    visited: set[str] = set()
    while path and path not in visited and len(visited) < MOST_PAGES and len(paths) < MOST_MEMBERS:
        visited.add(path)
        page = await get_if_there(path, get)
        paths += [own for own in (text(member, ID) for member in members(page)) if own and own not in paths]
        path = text(page, "Members@odata.nextLink")
    return tuple(paths[:MOST_MEMBERS])


async def _log_services(owners: tuple[str, ...], get: Get) -> list[Resource]:
    services: list[Resource] = []
    for owner in owners:
        collection = link(await get_if_there(owner, get), "LogServices")
        for path in await member_paths(collection, get):
            if len(services) >= MOST_LOGS:
                return services
            service = await get_if_there(path, get)
            if link(service, "Entries"):
                services.append({**service, ID: path})
    return services
