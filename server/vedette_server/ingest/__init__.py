"""The road of pushed samples into the store: messages of frames on the ingest port."""

from vedette_server.ingest.receiver import Answer, IngestLimits, Receiver

__all__ = ["Answer", "IngestLimits", "Receiver"]
