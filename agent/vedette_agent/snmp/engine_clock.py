"""What is known of another engine's time (RFC 3414, section 2.3)."""

from __future__ import annotations

from dataclasses import dataclass

from vedette_agent.snmp.message_v3 import MAX_BOOTS, WINDOW_S, Security


@dataclass(slots=True)
class EngineClock:
    """The boots and the time of an engine, as proven messages have told them. ``read_at`` is when ``time`` was."""

    boots: int = 0
    time: int = 0
    read_at: float = 0.0

    def now(self, monotonic: float) -> int:
        """The time to state in a message; 0 as long as nothing is known."""
        return self.time + int(monotonic - self.read_at) if self.boots else 0

    def set(self, told: Security, monotonic: float) -> None:
        self.boots, self.time, self.read_at = told.boots, told.time, monotonic

    def is_timely(self, told: Security, monotonic: float) -> bool:
        """Whether a proven message is of now, and not played back; sets the clock forward by it."""
        now = self.time + monotonic - self.read_at
        if told.boots == MAX_BOOTS or told.boots < self.boots:
            return False
        if told.boots == self.boots and told.time < now - WINDOW_S:
            return False
        if told.boots > self.boots or told.time > self.time:
            self.set(told, monotonic)
        return True
