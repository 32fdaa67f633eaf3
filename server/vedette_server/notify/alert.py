"""What an alert is: one service or host that is now in another state than people were last told of."""

from __future__ import annotations

from typing import Literal

import msgspec

from vedette_server.state.states import GOOD_STATES

Levels = tuple[float, ...]
"""``(warn, crit)``, or nothing. ``inf`` never applies."""


class Alert(msgspec.Struct, frozen=True, kw_only=True):
    """A problem, or the end of one. Times are ms since the epoch.

    Attributes:
        kind: Whether a service or a host is in ``state``.
        host: The host.
        service: The service's name; empty for a host.
        check: The check's name; empty for a host.
        labels: ``host`` and the labels of the service's item.
        state: The state, by name.
        previous_state: The state that people were last told of.
        time: When this was decided.
        since: When ``state`` began.
        starts: When the problem began, which may have been in another state.
        ends: When the problem ended; ``None`` while it lasts.
        summary: One line for people.
        value: What was compared with the levels, if there was anything.
        unit: The value's unit.
        upper: The levels that the value must stay below.
        lower: The levels that the value must not fall below.
        graph: PromQL whose graph tells more; may be empty.
    """

    kind: Literal["service", "host"]
    host: str
    service: str = ""
    check: str = ""
    labels: dict[str, str] = msgspec.field(default_factory=dict)
    state: str
    previous_state: str
    time: int
    since: int
    starts: int
    ends: int | None = None
    summary: str
    value: float | None = None
    unit: str = ""
    upper: Levels = ()
    lower: Levels = ()
    graph: str = ""

    @property
    def is_resolved(self) -> bool:
        """Whether the problem has ended."""
        return self.state in GOOD_STATES

    @property
    def subject(self) -> str:
        """What the alert is about, the same from a problem's beginning to its end."""
        return "\n".join((self.kind, self.check, *(f"{name}={value}" for name, value in sorted(self.labels.items()))))


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Alert)


def encode_alert(alert: Alert) -> bytes:
    """Return an alert as MessagePack, which keeps infinities."""
    return _encoder.encode(alert)


def decode_alert(payload: bytes) -> Alert:
    """The inverse of ``encode_alert``.

    Raises:
        msgspec.DecodeError: the bytes are no alert.
    """
    return _decoder.decode(payload)
