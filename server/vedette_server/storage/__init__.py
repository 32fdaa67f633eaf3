"""The store: columns on shared clocks, crash-safe. ``interface`` is what the rest of the server sees of it."""

from vedette_server.storage.errors import (
    DamagedFileError,
    DataFolderError,
    StorageError,
    StorageFullError,
    TooManySamplesError,
)
from vedette_server.storage.interface import SourceEnd
from vedette_server.storage.options import BlockStatistics, Statistics, StorageOptions
from vedette_server.storage.store import Store
from vedette_server.storage.warm import warm_up

__all__ = [
    "BlockStatistics",
    "DamagedFileError",
    "DataFolderError",
    "SourceEnd",
    "Statistics",
    "StorageError",
    "StorageFullError",
    "StorageOptions",
    "Store",
    "TooManySamplesError",
    "warm_up",
]
