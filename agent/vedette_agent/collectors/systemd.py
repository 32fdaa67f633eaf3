"""Units of systemd, over D-Bus (org.freedesktop.systemd1(5))."""

from __future__ import annotations

import re
from collections import Counter
from contextlib import closing
from typing import Any, NamedTuple

from vedette_agent.collectors.dbus import Call, DbusConnection
from vedette_agent.collectors.families import COUNTER, GAUGE, Families, Metric
from vedette_agent.collectors.options import NodeOptions, SystemdOptions
from vedette_agent.errors import CollectorError, NoDataError
from vedette_shared.labels import make_labels
from vedette_shared.metrics import MetricFamily

_UNIT_STATE = Metric("node_systemd_unit_state", GAUGE, "Systemd unit")
_START_TIME = Metric(
    "node_systemd_unit_start_time_seconds", GAUGE, "Start time of the unit since unix epoch in seconds."
)
_TASKS = Metric("node_systemd_unit_tasks_current", GAUGE, "Current number of tasks per Systemd unit")
_TASKS_MAX = Metric("node_systemd_unit_tasks_max", GAUGE, "Maximum number of tasks per Systemd unit")
_RUNNING = Metric(
    "node_systemd_system_running",
    GAUGE,
    "Whether the system is operational (see 'systemctl is-system-running')",
)
_UNITS = Metric("node_systemd_units", GAUGE, "Summary of systemd unit states")
_RESTARTS = Metric("node_systemd_service_restart_total", COUNTER, "Service unit count of Restart triggers")
_LAST_TRIGGER = Metric("node_systemd_timer_last_trigger_seconds", GAUGE, "Seconds since epoch of last trigger.")
_ACCEPTED = Metric(
    "node_systemd_socket_accepted_connections_total", COUNTER, "Total number of accepted socket connections"
)
_CONNECTIONS = Metric("node_systemd_socket_current_connections", GAUGE, "Current number of socket connections")
_REFUSED = Metric("node_systemd_socket_refused_connections_total", GAUGE, "Total number of refused socket connections")
_VERSION = Metric("node_systemd_version", GAUGE, "Detected systemd version")
_VIRTUALIZATION = Metric("node_systemd_virtualization_info", GAUGE, "Detected virtualization technology")

_STATES = ("active", "activating", "deactivating", "inactive", "failed")
_DESTINATION = "org.freedesktop.systemd1"
_MANAGER_PATH = "/org/freedesktop/systemd1"
_MANAGER = "org.freedesktop.systemd1.Manager"
_UNIT = "org.freedesktop.systemd1.Unit"
_PROPERTIES = "org.freedesktop.DBus.Properties"
_MICROSECONDS = 1e6
_UNKNOWN = 2**64 - 1
_VERSION_NUMBER = re.compile(r"[0-9]{3,}(\.[0-9]+)?")
_TIMEOUT_SECONDS = 5.0
_SOCKET = "run/dbus/system_bus_socket"


class Unit(NamedTuple):
    """A unit, as ``ListUnits`` tells of it."""

    name: str
    load_state: str
    active_state: str
    path: str

    @property
    def kind(self) -> str:
        """The end of its name."""
        return self.name.rpartition(".")[2]


class _Question(NamedTuple):
    """A property of a unit, and what becomes of its value."""

    unit: Unit
    interface: str
    property: str
    metric: Metric
    divisor: float = 1.0


def parse_units(body: tuple[Any, ...]) -> list[Unit]:
    """Return the units in the answer to ``ListUnits``."""
    return [Unit(name, load, active, path) for name, _, load, active, _, _, path, *_ in body[0]]


def choose_questions(units: list[Unit], options: SystemdOptions) -> list[_Question]:
    """Return what is to be asked about each unit, by its kind and the switches."""
    questions = []
    for unit in units:
        if unit.kind == "service":
            interface = "org.freedesktop.systemd1.Service"
            if options.enable_restarts_metrics:
                questions.append(_Question(unit, interface, "NRestarts", _RESTARTS))
            if options.enable_task_metrics:
                questions.append(_Question(unit, interface, "TasksCurrent", _TASKS))
                questions.append(_Question(unit, interface, "TasksMax", _TASKS_MAX))
        elif unit.kind == "timer":
            interface = "org.freedesktop.systemd1.Timer"
            questions.append(_Question(unit, interface, "LastTriggerUSec", _LAST_TRIGGER, _MICROSECONDS))
        elif unit.kind == "socket":
            interface = "org.freedesktop.systemd1.Socket"
            questions.append(_Question(unit, interface, "NAccepted", _ACCEPTED))
            questions.append(_Question(unit, interface, "NConnections", _CONNECTIONS))
            questions.append(_Question(unit, interface, "NRefused", _REFUSED))
        if options.enable_start_time_metrics and unit.active_state == "active":
            questions.append(_Question(unit, _UNIT, "ActiveEnterTimestamp", _START_TIME, _MICROSECONDS))
    return questions


class SystemdCollector:
    """State of each unit, and what timers, sockets and services tell beside."""

    name = "systemd"

    def __init__(self, options: NodeOptions) -> None:
        self._options = options.systemd
        self._socket = options.rootfs(_SOCKET)
        self._include = re.compile(options.systemd.unit_include)
        self._exclude = re.compile(options.systemd.unit_exclude)

    def collect(self) -> list[MetricFamily]:
        families = Families()
        with closing(self._connect()) as connection:
            self._add_manager(families, connection)
            units = self._list(connection, families)
            self._add_states(families, connection, units)
            self._add_details(families, connection, units)
        return families.all()

    def _connect(self) -> DbusConnection:
        try:
            return DbusConnection(self._socket, _TIMEOUT_SECONDS)
        except (FileNotFoundError, ConnectionRefusedError) as error:
            raise NoDataError(f"there is no bus at {self._socket}") from error

    def _add_manager(self, families: Families, connection: DbusConnection) -> None:
        names = ("Version", "Virtualization", "SystemState")
        version, virtualization, state = (
            _value(answer) for answer in connection.call([_get(_MANAGER_PATH, _MANAGER, name) for name in names])
        )
        if match := _VERSION_NUMBER.search(str(version)):
            families.add(_VERSION, float(match[0]), (("version", str(version)),))
        families.add(_VIRTUALIZATION, 1.0, (("virtualization_type", str(virtualization or "none")),))
        families.add(_RUNNING, float(state == "running"))

    def _list(self, connection: DbusConnection, families: Families) -> list[Unit]:
        (answer,) = connection.call([Call(_DESTINATION, _MANAGER_PATH, _MANAGER, "ListUnits")])
        if isinstance(answer, CollectorError):
            raise answer
        units = parse_units(answer)
        counts = Counter(dict.fromkeys(_STATES, 0))
        counts.update(unit.active_state for unit in units)
        for state, count in counts.items():
            families.add(_UNITS, float(count), (("state", state),))
        return [
            unit
            for unit in units
            if unit.load_state == "loaded"
            and self._include.fullmatch(unit.name)
            and not self._exclude.fullmatch(unit.name)
        ]

    def _add_states(self, families: Families, connection: DbusConnection, units: list[Unit]) -> None:
        typed = [unit for unit in units if unit.kind in {"service", "mount"}]
        answers = connection.call(
            [_get(unit.path, f"org.freedesktop.systemd1.{unit.kind.capitalize()}", "Type") for unit in typed]
        )
        types = {unit.name: _value(answer) or "" for unit, answer in zip(typed, answers, strict=True)}
        for unit in units:
            kind = str(types.get(unit.name, ""))
            for state in _STATES:
                labels = make_labels(name=unit.name, state=state, type=kind)
                families.add(_UNIT_STATE, float(state == unit.active_state), labels)

    def _add_details(self, families: Families, connection: DbusConnection, units: list[Unit]) -> None:
        questions = choose_questions(units, self._options)
        answers = connection.call([_get(ask.unit.path, ask.interface, ask.property) for ask in questions])
        for question, answer in zip(questions, answers, strict=True):
            value = _value(answer)
            if value is not None and value != _UNKNOWN:
                families.add(question.metric, value / question.divisor, (("name", question.unit.name),))
        if self._options.enable_start_time_metrics:
            for unit in units:
                if unit.active_state != "active":
                    families.add(_START_TIME, 0.0, (("name", unit.name),))


def _get(path: str, interface: str, name: str) -> Call:
    return Call(_DESTINATION, path, _PROPERTIES, "Get", (interface, name))


def _value(answer: tuple[Any, ...] | CollectorError) -> Any:
    """The value of a property, and none where an old systemd does not have it, or the unit is gone."""
    if isinstance(answer, CollectorError):
        return None
    _, value = answer[0]
    return value
