"""Asks a BMC by raw IPMI commands, over whatever carries them, and keeps what seldom changes."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from vedette_agent.ipmi.config import Collector
from vedette_agent.ipmi.raw import APPLICATION, CHASSIS, GROUP, SENSOR, STORAGE, CommandError, Raw
from vedette_agent.ipmi.readings import (
    EVENTS,
    NOT_AVAILABLE,
    BmcInfo,
    BmcReport,
    Chassis,
    Names,
    SelCursor,
    SelInfo,
    SensorReading,
    Watchdog,
)
from vedette_agent.ipmi.sdr import SensorRecord
from vedette_agent.ipmi.sdr_repository import read_records
from vedette_agent.ipmi.sel_log import read_news
from vedette_agent.ipmi.states import THRESHOLD, THRESHOLD_BITS, state_of
from vedette_agent.ipmi.vocabulary import manufacturer_name, sensor_type_name
from vedette_agent.ipmi.watchdog import GET_WATCHDOG, watchdog_of

_BMC_ADDRESS = 0x20
_DCMI = 0xDC
_UNKNOWN_COMMAND = 0xC1
_HAS_SDR_REPOSITORY = 0x02

_UNAVAILABLE, _SCANNING = 0x20, 0x40


class BmcReader:
    """Reads one BMC. Keeps its sensor records until the BMC says that they have changed."""

    def __init__(self) -> None:
        self._records: list[SensorRecord] = []
        self._records_are = b""

    def read(self, raw: Raw, collectors: Sequence[Collector], cursor: SelCursor | None = None) -> BmcReport:
        """Return what ``collectors`` find, asking through ``raw``, and what the event log holds behind ``cursor``.

        Raises:
            CollectorError: the BMC cannot be reached.
        """
        asks: dict[str, tuple[str, Callable[[Raw], object]]] = {
            "ipmi": ("sensors", self._sensors),
            "bmc": ("info", _info),
            "bmc-watchdog": ("watchdog", _watchdog),
            "chassis": ("chassis", _chassis),
            "dcmi": ("watts", _watts),
            "sel": ("sel", _sel),
        }
        found: dict[str, object] = {}
        errors: dict[str, str] = {}
        for collector in collectors:
            attribute, ask = asks[collector]
            try:
                found[attribute] = ask(raw)
            except CommandError as error:
                errors[collector] = str(error)
            except IndexError:
                errors[collector] = "the BMC's answer is too short"
        if "sel" in found:
            try:
                found["news"] = read_news(raw, cursor, lambda: self._names(raw))
            except CommandError as error:
                errors[EVENTS] = str(error)
        return BmcReport(**found, errors=errors)  # type: ignore[arg-type]  # the table above pairs names and types

    def _sensors(self, raw: Raw) -> tuple[SensorReading, ...]:
        self._refresh_records(raw)
        readings = (_reading(raw, record) for record in self._records)
        return tuple(reading for reading in readings if reading is not None)

    def _names(self, raw: Raw) -> Names:
        try:
            self._refresh_records(raw)
        except (CommandError, IndexError):
            return {}
        return {(record.owner, record.number): record.name for record in self._records}

    def _refresh_records(self, raw: Raw) -> None:
        has_repository = bool(raw(APPLICATION, 0x01)[5] & _HAS_SDR_REPOSITORY)
        # How many there are and when the last came or went; a device without a repository tells less.
        current = raw(STORAGE, 0x20)[1:13] if has_repository else raw(SENSOR, 0x20)
        if current != self._records_are or not self._records:
            self._records = read_records(raw, (STORAGE, 0x22, 0x23) if has_repository else (SENSOR, 0x22, 0x21))
            self._records_are = current


def _reading(raw: Raw, record: SensorRecord) -> SensorReading | None:
    """Return a sensor's reading; ``None`` where there is none: ipmi_exporter does not show such a sensor either."""
    if record.owner != _BMC_ADDRESS:
        return None  # another controller's: the way there would be a bridge
    try:
        answer = raw(SENSOR, 0x2D, (record.number,), record.lun)
    except CommandError:
        return None  # not present, or not just now
    if answer[1] & _UNAVAILABLE or not answer[1] & _SCANNING:
        return None
    bits = int.from_bytes(answer[2:4], "little")
    bits &= THRESHOLD_BITS if record.event_type == THRESHOLD else 0x7FFF
    state = state_of(record.type, record.event_type, bits)
    kind = sensor_type_name(record.type)
    if record.conversion is None:
        return SensorReading(record.id, record.name, kind, state)
    value = round(record.conversion.value(answer[0]), 2)
    return SensorReading(record.id, record.name, kind, state, value, record.unit)


def _info(raw: Raw) -> BmcInfo:
    device = raw(APPLICATION, 0x01)
    manufacturer = int.from_bytes(device[6:9], "little") & 0xFFFFF
    firmware = f"{device[2] & 0x7F}.{device[3]:02x}"
    return BmcInfo(firmware, manufacturer_name(manufacturer), _system_firmware(raw))


def _system_firmware(raw: Raw) -> str:
    """The version of the host's own firmware: Get System Info Parameters, parameter 1, its first block."""
    try:
        block = raw(APPLICATION, 0x59, (0, 1, 0, 0))[2:]
    except CommandError:
        return NOT_AVAILABLE
    text = block[2 : 2 + block[1]] if len(block) > 2 else b""  # encoding and length go before it
    return text.decode("latin-1").partition("\0")[0].strip() or NOT_AVAILABLE


def _chassis(raw: Raw) -> Chassis:
    state = raw(CHASSIS, 0x01)
    return Chassis(bool(state[0] & 0x01), bool(state[2] & 0x04), bool(state[2] & 0x08))


def _watchdog(raw: Raw) -> Watchdog:
    return watchdog_of(raw(APPLICATION, GET_WATCHDOG))


def _watts(raw: Raw) -> float | None:
    """DCMI's Get Power Reading."""
    try:
        answer = raw(GROUP, 0x02, (_DCMI, 1, 0, 0))
    except CommandError as error:
        if error.code != _UNKNOWN_COMMAND:
            raise
        raise CommandError(error.code, "it knows no power by DCMI; leave dcmi out of ipmi.collectors") from error
    is_active = bool(answer[17] & 0x40)
    return float(answer[1] | answer[2] << 8) if is_active else None


def _sel(raw: Raw) -> SelInfo:
    answer = raw(STORAGE, 0x40)
    return SelInfo(answer[1] | answer[2] << 8, answer[3] | answer[4] << 8)
