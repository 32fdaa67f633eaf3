"""When a source is due: aligned to its interval, spread over the fleet, without bursts. Pure arithmetic."""

from __future__ import annotations

import hashlib


def phase_of(host: str, interval_ms: int) -> int:
    """Return where in its interval a host's ticks lie, in milliseconds: always the same, and spread over the fleet."""
    digest = hashlib.blake2b(host.encode(), digest_size=8).digest()
    return int.from_bytes(digest, "little") % interval_ms


def delay_to_grid(now_ms: int, interval_ms: int, phase_ms: int) -> int:
    """Return the milliseconds from wall time ``now_ms`` to the next point of the grid, 0 on it."""
    return (phase_ms - now_ms) % interval_ms


def delay_to_next(now_ms: int, interval_ms: int, phase_ms: int) -> int:
    """Return the milliseconds from a tick at wall time ``now_ms`` to the next one.

    The next tick lies on the grid of the interval, at least half an interval away. So the distance between two ticks
    stays between a half and one and a half intervals whatever the wall clock does, and time that went by in a suspend
    or was stepped over is not made up for.
    """
    delay = delay_to_grid(now_ms, interval_ms, phase_ms)
    return delay if 2 * delay >= interval_ms else delay + interval_ms
