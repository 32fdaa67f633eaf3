"""Events of a message as the state keeps them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from vedette_server.state import NewEvent
from vedette_shared.events import Event
from vedette_shared.frames import Frame, Message, decode_target


class EventSink(Protocol):
    """Where events are made durable."""

    async def add_events(self, events: Sequence[NewEvent], received: int) -> int:
        """Store events received at a time (ms), each once; return how many are new. Raises StateError."""
        ...


def events_of(message: Message) -> tuple[NewEvent, ...]:
    """Return the events of a message, with the keys and hosts that they stand for.

    Raises:
        FrameError: the target of a frame with events is malformed.
    """
    if not message.events:
        return ()
    sender = message.sender
    return tuple(
        _new_event(sender.agent, event, f"{sender.generation:x}.{frame.sequence}.{place}", frame)
        for frame in message.frames
        for place, event in enumerate(message.events.get(frame.sequence, ()))
    )


def _new_event(agent: str, event: Event, place: str, frame: Frame) -> NewEvent:
    host = event.host or dict(decode_target(frame.target)).get("host", agent)
    # A prefix keeps the names that agents give apart from those of places.
    key = f"id:{event.id}" if event.id else f"at:{place}"
    return NewEvent(agent, key, event.time, host, event.source, event.severity, event.text, event.labels)
