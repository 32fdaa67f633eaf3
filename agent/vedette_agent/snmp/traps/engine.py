"""The engine that this agent is for informs of version 3: who it is, how often it was started (RFC 3414, section 2.2).

Both must outlive the process: a sender that has learnt them refuses to be told of fewer boots, and whoever has recorded
a message could play it back to an engine that has forgotten.
"""

from __future__ import annotations

import json
import os
import secrets
from pathlib import Path

from vedette_agent.snmp.message_v3 import MAX_BOOTS
from vedette_agent.snmp.traps.users import LocalEngine
from vedette_shared.errors import ConfigError

FILE = "snmp-engine.json"

# RFC 3411, SnmpEngineID: without a number of an enterprise, and "octets" of one's own choice.
_ID_PREFIX = bytes((0x80, 0, 0, 0, 5))
_ID_SIZES = range(5, 33)


def parse_engine_id(text: str) -> bytes:
    """Return the identifier that people write in hexadecimal digits.

    Raises:
        ValueError: it is none.
    """
    try:
        found = bytes.fromhex(text.removeprefix("0x"))
    except ValueError:
        found = b""
    if len(found) not in _ID_SIZES or not any(found) or set(found) == {255}:
        raise ValueError(f"{text!r} is not the identifier of an engine; it has 5 to 32 bytes in hexadecimal digits")
    return found


def start_engine(file: Path, wanted: bytes, monotonic: float) -> LocalEngine:
    """Count a boot in ``file``, and return the engine; with an identifier of its own where ``wanted`` is empty.

    Raises:
        ConfigError: the file cannot be read or written, or is damaged.
    """
    found, boots = _read(file)
    if (wanted and found != wanted) or not found or boots >= MAX_BOOTS - 1:
        found, boots = wanted or _ID_PREFIX + secrets.token_bytes(12), 0
    _write(file, found, boots + 1)
    return LocalEngine(found, boots + 1, monotonic)


def _read(file: Path) -> tuple[bytes, int]:
    try:
        kept = json.loads(file.read_text("ascii"))
        return parse_engine_id(kept["engine_id"]), int(kept["boots"])
    except FileNotFoundError:
        return b"", 0
    except OSError as error:
        raise ConfigError(f"{file}: cannot be read: {error.strerror}") from error
    except (ValueError, KeyError, TypeError) as error:
        raise ConfigError(f"{file}: is damaged; remove it, and restart devices that send informs: {error}") from error


def _write(file: Path, engine_id: bytes, boots: int) -> None:
    """Write the file anew, so that neither a crash nor a full disk leaves half of it."""
    fresh = file.with_suffix(".new")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with fresh.open("w", encoding="ascii") as sink:
            json.dump({"engine_id": engine_id.hex(), "boots": boots}, sink)
            sink.flush()
            os.fsync(sink.fileno())
        fresh.replace(file)
        folder = os.open(file.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except OSError as error:
        raise ConfigError(f"{file}: cannot be written: {error.strerror}") from error
