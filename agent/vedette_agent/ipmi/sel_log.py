"""Reads what is new in a system event log by raw commands, behind a cursor.

The last record is compared as a whole, so that neither the BMC's clock nor the numbers of records need make sense.
"""

from __future__ import annotations

from collections.abc import Callable

from vedette_agent.ipmi.raw import STORAGE, CommandError, Raw
from vedette_agent.ipmi.readings import Names, SelCursor, SelNews
from vedette_agent.ipmi.sel import RECORD_BYTES

MOST_RECORDS = 64
"""At one reading; the rest follows at the next."""

_FIRST, _LAST = 0x0000, 0xFFFF
_NOT_PRESENT = (0xC9, 0xCB)


def read_news(raw: Raw, cursor: SelCursor | None, names: Callable[[], Names]) -> SelNews:
    """Return the records behind ``cursor``; without one, none, and the cursor behind the last record.

    Args:
        raw: Sends the commands.
        cursor: Of the reading before.
        names: Gives those of sensors, where there are records.

    Raises:
        CommandError: the BMC refuses.
        CollectorError: it cannot be reached.
    """
    erased = int.from_bytes(raw(STORAGE, 0x40)[9:13], "little")
    last = _record(raw, _LAST)
    here = SelCursor(last[1].hex() if last else "", erased)
    if cursor is None or here == cursor or last is None:
        return SelNews((), here)
    records = _records_from(raw, _next_of(raw, cursor, erased))
    if not records:
        return SelNews((), here)
    return SelNews(tuple(records), SelCursor(records[-1].hex(), erased), _time(raw), names())


def news_in(records: list[bytes], cursor: SelCursor | None) -> SelNews:
    """Return those of ``records``, a whole log, that are behind ``cursor``, as ``read_news`` does."""
    if cursor is not None and records:
        known = bytes.fromhex(cursor.last)
        behind = records.index(known) + 1 if known in records else 0
        records = records[behind : behind + MOST_RECORDS]
        return SelNews(tuple(records), SelCursor(records[-1].hex()) if records else cursor)
    return SelNews((), SelCursor(records[-1].hex() if records else ""))


def _next_of(raw: Raw, cursor: SelCursor, erased: int) -> int:
    """Return the number of the record that follows ``cursor``; the first where the log was cleared or has wrapped."""
    if cursor.last and cursor.erased in (None, erased):
        known = bytes.fromhex(cursor.last)
        found = _record(raw, known[0] | known[1] << 8)
        if found is not None and found[1] == known:
            return found[0]
    return _FIRST


def _records_from(raw: Raw, number: int) -> list[bytes]:
    records: list[bytes] = []
    while number != _LAST and len(records) < MOST_RECORDS:
        found = _record(raw, number)
        if found is None:
            break
        following, record = found
        records.append(record)
        if following == number:
            break
        number = following
    return records


def _record(raw: Raw, number: int) -> tuple[int, bytes] | None:
    """Return the number that follows and the record; ``None`` where there is none."""
    try:
        answer = raw(STORAGE, 0x43, (0, 0, number & 0xFF, number >> 8, 0, 0xFF))
    except CommandError as error:
        if error.code in _NOT_PRESENT:
            return None
        raise
    record = answer[2 : 2 + RECORD_BYTES]
    if len(record) < RECORD_BYTES:
        raise CommandError(0, "a record of the event log breaks off")
    return answer[0] | answer[1] << 8, record


def _time(raw: Raw) -> int | None:
    try:
        return int.from_bytes(raw(STORAGE, 0x48)[:4], "little")
    except CommandError:
        return None
