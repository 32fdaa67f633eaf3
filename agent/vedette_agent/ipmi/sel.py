"""The system event log: records of 16 bytes into words and severities. Bytes in, values out.

Source: IPMI specification 2.0, chapter 32 (records), tables 29-6 (event data), 42-2 (generic events), 42-3 (by type).
"""

from __future__ import annotations

import math

from vedette_agent.ipmi.readings import CRITICAL, NOMINAL, SelNews
from vedette_agent.ipmi.sel_words import GENERIC_WORDS, SPECIFIC_WORDS, THRESHOLD_WORDS
from vedette_agent.ipmi.states import SENSOR_SPECIFIC, THRESHOLD, state_of
from vedette_agent.ipmi.vocabulary import sensor_type_name
from vedette_shared.events import Event, Severity

RECORD_BYTES = 16
_SYSTEM_EVENT = 0x02
_OEM_WITHOUT_TIME = 0xE0
_PRE_INIT = 0x2000_0000
"""Times below are seconds since the BMC was started, not dates."""
_UNSPECIFIED = 0xFFFF_FFFF

_NON_CRITICAL_OFFSETS = frozenset((0, 1, 6, 7))
_TAIL_MS = 60_000
"""How far a BMC's clock may be off without being corrected for it."""


def sel_events(news: SelNews, now_ms: int, host: str = "") -> list[Event]:
    """Return the records of ``news`` as events, seen at ``now_ms``."""
    return [_event(record, news, now_ms, host) for record in news.records]


def event_time(seconds: int, bmc_seconds: int | None, now_ms: int) -> int:
    """Return when a record of the time ``seconds`` was made, in milliseconds; ``now_ms`` where that cannot be known.

    A BMC whose clock is off by more than a minute, or counts from its own start, is corrected by ``bmc_seconds``, what
    its clock shows at ``now_ms``.
    """
    if seconds == _UNSPECIFIED:
        return now_ms
    time = seconds * 1000
    if bmc_seconds is not None and bmc_seconds != _UNSPECIFIED:
        if (seconds < _PRE_INIT) != (bmc_seconds < _PRE_INIT):
            return min(time, now_ms) if seconds >= _PRE_INIT else now_ms
        if abs(now_ms - bmc_seconds * 1000) > _TAIL_MS:
            time += now_ms - bmc_seconds * 1000
    elif seconds < _PRE_INIT:
        return now_ms
    return time if 0 < time <= now_ms else now_ms


def _event(record: bytes, news: SelNews, now_ms: int, host: str) -> Event:
    kind = record[2]
    number = str(record[0] | record[1] << 8)
    time = now_ms
    if kind < _OEM_WITHOUT_TIME:
        time = event_time(int.from_bytes(record[3:7], "little"), news.bmc_time, now_ms)
    if kind != _SYSTEM_EVENT:
        what = record[3:] if kind >= _OEM_WITHOUT_TIME else record[7:]
        text = f"record of the manufacturer's own kind {kind:#04x}: {what.hex(' ')}"
        return Event(time, "ipmi", Severity.INFO, text, host, {"record": number})
    owner, sensor_type, sensor = record[7], record[10], record[11]
    name = news.names.get((owner, sensor), f"sensor {sensor:#04x}")
    type_name = sensor_type_name(sensor_type)
    words, severity = _judged(sensor_type, record[12], record[13])
    labels = {"record": number, "sensor": name, "type": type_name}
    return Event(time, "ipmi", severity, f"{name} ({type_name}): {words}", host, labels)


def _judged(sensor_type: int, direction_and_type: int, data: int) -> tuple[str, Severity]:
    """The words and the severity of an event: one that has ended is for information."""
    event_type, has_ended = direction_and_type & 0x7F, bool(direction_and_type & 0x80)
    offset = data & 0x0F
    if event_type == THRESHOLD:
        words: tuple[str, ...] = THRESHOLD_WORDS
        severity = Severity.WARNING if offset in _NON_CRITICAL_OFFSETS else Severity.CRITICAL
    else:
        words = (
            SPECIFIC_WORDS.get(sensor_type, ()) if event_type == SENSOR_SPECIFIC else GENERIC_WORDS.get(event_type, ())
        )
        severity = _severity(state_of(sensor_type, event_type, 1 << offset))
    text = words[offset] if offset < len(words) else f"event {event_type:#04x}, offset {offset}"
    return (f"{text}: ended", Severity.INFO) if has_ended else (text, severity)


def _severity(state: float) -> Severity:
    if state == CRITICAL:
        return Severity.CRITICAL
    return Severity.INFO if state == NOMINAL or math.isnan(state) else Severity.WARNING
