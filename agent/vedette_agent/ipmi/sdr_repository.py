"""Reads the records of a BMC's sensors by raw commands, in parts as large as the BMC gives.

Source: IPMI specification 2.0, clauses 33.9 to 33.12 (SDR repository) and 35.3, 35.4 (a device's own records).
"""

from __future__ import annotations

from vedette_agent.ipmi.raw import CommandError, Raw
from vedette_agent.ipmi.sdr import HEADER_BYTES, SensorRecord, parse_record, record_length

WHOLE = 0xFF
PART_BYTES = (64, 32, 22, 16)
"""What is asked for at once of a BMC that does not give whole records: less and less, until it gives it."""

_LAST_RECORD = 0xFFFF
_MOST_RECORDS = 4096
_CANNOT_RETURN = (0xC8, 0xCA, 0xFF)
"""Completion codes of a BMC that wants to be asked for fewer bytes."""
_RESERVATION_CANCELLED = 0xC5


def read_records(raw: Raw, commands: tuple[int, int, int]) -> list[SensorRecord]:
    """Return all records of sensors.

    Args:
        raw: Sends the commands.
        commands: The network function, and the commands to make a reservation and to get a record.

    Raises:
        CommandError: the BMC refuses.
        CollectorError: it cannot be reached, or a record is malformed.
    """
    reader = _Reader(raw, commands)
    records = []
    next_id = 0
    for _ in range(_MOST_RECORDS):
        next_id, body = reader.record(next_id)
        record = parse_record(body)
        if record is not None:
            records.append(record)
        if next_id == _LAST_RECORD:
            break
    return records


class _Reader:
    """Gets records, and remembers how much the BMC gives at once."""

    def __init__(self, raw: Raw, commands: tuple[int, int, int]) -> None:
        self._raw = raw
        self._netfn, self._reserve, self._get = commands
        self._reservation = b""
        self._sizes = [WHOLE, *PART_BYTES]
        self._make_reservation()

    def record(self, number: int) -> tuple[int, bytes]:
        """Return the number that follows, and the record."""
        try:
            return self._record(number)
        except CommandError as error:
            if error.code != _RESERVATION_CANCELLED:
                raise
            self._make_reservation()
            return self._record(number)

    def _make_reservation(self) -> None:
        self._reservation = self._raw(self._netfn, self._reserve)[:2]

    def _record(self, number: int) -> tuple[int, bytes]:
        if self._sizes[0] == WHOLE:
            try:
                return self._part(number, 0, WHOLE)
            except CommandError as error:
                self._shrink(error)
        following, record = self._part(number, 0, HEADER_BYTES)
        length = record_length(record)
        while len(record) < length:
            try:
                _, part = self._part(number, len(record), min(self._sizes[0], length - len(record)))
            except CommandError as error:
                self._shrink(error)
                continue
            if not part:
                raise CommandError(0, "a sensor record breaks off")
            record += part
        return following, record

    def _shrink(self, error: CommandError) -> None:
        """Ask for less from now on; raises ``error`` where that would not help."""
        if error.code not in _CANNOT_RETURN or len(self._sizes) == 1:
            raise error
        del self._sizes[0]

    def _part(self, number: int, offset: int, size: int) -> tuple[int, bytes]:
        place = (number & 0xFF, number >> 8, offset, size)
        answer = self._raw(self._netfn, self._get, (*self._reservation, *place))
        return answer[0] | answer[1] << 8, answer[2:]
