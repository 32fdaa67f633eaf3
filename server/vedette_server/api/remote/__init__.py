"""Prometheus' remote read: protocol buffers under snappy; see FORMAT.md."""

from vedette_server.api.remote.read import RemoteRead

__all__ = ["RemoteRead"]
