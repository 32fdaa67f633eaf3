"""Reads sensors and power: from Thermal and Power where a chassis has them, or else from what has followed them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial

from vedette_agent.ipmi.readings import SensorReading
from vedette_agent.redfish.inventory import Chassis, Inventory, get_if_there, member_paths
from vedette_agent.redfish.resources import AnswerError, Resource, is_expanded, link, members
from vedette_agent.redfish.sensors import (
    consumed_watts,
    environment_watts,
    fan_sensors,
    power_sensors,
    sensor,
    supply_sensors,
    thermal_sensors,
    unique,
)

Get = Callable[[str], Awaitable[Resource]]
Read = Callable[[Get], Awaitable[list[SensorReading]]]


class PartialError(AnswerError):
    """Some sensors could not be read; ``found`` are the others."""

    def __init__(self, reason: str, found: tuple[SensorReading, ...]) -> None:
        super().__init__(reason)
        self.found = found


async def read_sensors(inventory: Inventory, get: Get) -> tuple[SensorReading, ...]:
    """Return the sensors of all chassis.

    Raises:
        PartialError: some could not be read; it has the others.
        AnswerError: there is nothing that tells of sensors.
        CollectorError: the service cannot be reached.
    """
    found: list[tuple[str, SensorReading]] = []
    failures: list[str] = []
    tells = False
    for chassis in inventory.chassis:
        # By what is linked, never by what answers just now: the ids of the two are not the same.
        reads = _thermal_and_power(chassis) or _subsystems(chassis, inventory.expand)
        tells = tells or bool(reads)
        for read in reads:
            readings, failure = await _attempt(read, get)
            found += [(chassis.id, reading) for reading in readings]
            failures += failure
    if failures:
        raise PartialError(failures[0], unique(found))
    if not tells:
        raise AnswerError("the BMC tells of no sensors")
    return unique(found)


async def read_watts(inventory: Inventory, get: Get) -> float:
    """Return what the machine consumes, as the first chassis that knows tells.

    Raises:
        AnswerError: none does.
        CollectorError: the service cannot be reached.
    """
    for chassis in inventory.chassis:
        for path, watts_of in ((chassis.power, consumed_watts), (chassis.environment, environment_watts)):
            if not path:
                continue
            try:
                watts = watts_of(await get(path))
            except AnswerError:
                continue
            if watts is not None:
                return watts
    raise AnswerError("the BMC tells of no power consumption")


async def _attempt(read: Read, get: Get) -> tuple[list[SensorReading], list[str]]:
    """Return the readings, and why there are none."""
    try:
        return await read(get), []
    except AnswerError as error:
        return [], [str(error)]


def _thermal_and_power(chassis: Chassis) -> list[Read]:
    """What reads them, one by one, so that where one fails the other is had."""
    links = ((chassis.thermal, thermal_sensors), (chassis.power, power_sensors))
    return [partial(_of_resource, path, sensors_of) for path, sensors_of in links if path]


async def _of_resource(
    path: str, sensors_of: Callable[[Resource], list[SensorReading]], get: Get
) -> list[SensorReading]:
    return sensors_of(await get(path))


def _subsystems(chassis: Chassis, expand: str) -> list[Read]:
    fans_of = "" if chassis.sensors else chassis.fans_of  # whose speeds are among the sensors
    links = ((chassis.sensors, _sensors), (fans_of, _fans), (chassis.supplies_of, _supplies))
    return [partial(read, path, expand) for path, read in links if path]


async def _sensors(path: str, expand: str, get: Get) -> list[SensorReading]:
    return [reading for row in await _collection(path, expand, get) for reading in sensor(row)]


async def _fans(path: str, expand: str, get: Get) -> list[SensorReading]:
    fans = await _collection(link(await get(path), "Fans"), expand, get)
    return [reading for fan in fans for reading in fan_sensors(fan)]


async def _supplies(path: str, expand: str, get: Get) -> list[SensorReading]:
    readings = []
    for row in await _collection(link(await get(path), "PowerSupplies"), expand, get):
        metrics = link(row, "Metrics")
        readings += supply_sensors(row, await get(metrics) if metrics else {})
    return readings


async def _collection(path: str, expand: str, get: Get) -> list[Resource]:
    """Return the members of a collection as whole resources."""
    if not path:
        return []
    rows = list(members(await get(path + expand)))
    if all(is_expanded(row) for row in rows):
        return rows
    found = [await get_if_there(own, get) for own in await member_paths(path, get)]
    return [row for row in found if row]
