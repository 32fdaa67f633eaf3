"""The road of pushed samples into the store: messages of frames on the ingest port."""

from vedette_server.ingest.planes import warm_up
from vedette_server.ingest.receiver import IngestLimits, Receiver

__all__ = ["IngestLimits", "Receiver", "warm_up"]
