"""What must outlive a restart, in SQLite: states of hosts and services, their history, the queue of notifications."""

from vedette_server.state.config import EventsConfig, StateConfig
from vedette_server.state.copies import DatabaseFault, check_database, copy_database, database_files
from vedette_server.state.errors import StateError, StateSchemaError
from vedette_server.state.fleet_events import EventQuery, FleetEvent, NewEvent
from vedette_server.state.retention import prune_regularly
from vedette_server.state.rows import (
    Batch,
    HostRow,
    Outcome,
    QueuedRow,
    ServiceKey,
    ServiceRow,
    StateChange,
    ToldRow,
)
from vedette_server.state.schema import FILE_NAME
from vedette_server.state.states import HostState, ServiceState
from vedette_server.state.store import StateStore, open_state

__all__ = [
    "FILE_NAME",
    "Batch",
    "DatabaseFault",
    "EventQuery",
    "EventsConfig",
    "FleetEvent",
    "HostRow",
    "HostState",
    "NewEvent",
    "Outcome",
    "QueuedRow",
    "ServiceKey",
    "ServiceRow",
    "ServiceState",
    "StateChange",
    "StateConfig",
    "StateError",
    "StateSchemaError",
    "StateStore",
    "ToldRow",
    "check_database",
    "copy_database",
    "database_files",
    "open_state",
    "prune_regularly",
]
