"""The kernel's clock discipline: adjtimex(2)."""

from __future__ import annotations

import ctypes
import os
import struct
from collections.abc import Callable
from typing import NamedTuple

from vedette_agent.collectors.families import COUNTER, GAUGE, Families, Metric
from vedette_agent.collectors.options import NodeOptions
from vedette_shared.metrics import MetricFamily

_LAYOUT = struct.Struct("@I4li8li5li11i")
_TIME_ERROR = 5
_STA_NANO = 0x2000
_MICROSECONDS = 1e6
_NANOSECONDS = 1e9
_SCALED_PPM = 65536 * 1e6
"""Frequencies are in parts per million with a fraction of 16 bits."""
_OVERFLOW_SECONDS = 4.0
"""An offset beyond this is none: the kernel's arithmetic ran over."""

_SYNC_STATUS = Metric("node_timex_sync_status", GAUGE, "Is clock synchronized to a reliable server (1 = yes, 0 = no).")
_OVERFLOWS = Metric(
    "node_timex_offset_overflow_total",
    COUNTER,
    "Count of adjtimex() offset readings indicating kernel overflow (|offset| > 4s). "
    "See https://github.com/prometheus/node_exporter/issues/3764",
)


class Timex(NamedTuple):
    """``struct timex`` of the kernel, in its order and its units, without the mode and the time."""

    state: int
    offset: int
    freq: int
    maxerror: int
    esterror: int
    status: int
    constant: int
    tick: int
    ppsfreq: int
    jitter: int
    shift: int
    stabil: int
    jitcnt: int
    calcnt: int
    errcnt: int
    stbcnt: int
    tai: int

    @property
    def fraction(self) -> float:
        """Of a second: the unit of offset and jitter."""
        return _NANOSECONDS if self.status & _STA_NANO else _MICROSECONDS


_METRICS: tuple[tuple[Metric, Callable[[Timex], float]], ...] = (
    (
        Metric("node_timex_offset_seconds", GAUGE, "Time offset in between local system and reference clock."),
        lambda timex: timex.offset / timex.fraction,
    ),
    (
        Metric("node_timex_frequency_adjustment_ratio", GAUGE, "Local clock frequency adjustment."),
        lambda timex: 1 + timex.freq / _SCALED_PPM,
    ),
    (
        Metric("node_timex_maxerror_seconds", GAUGE, "Maximum error in seconds."),
        lambda timex: timex.maxerror / _MICROSECONDS,
    ),
    (
        Metric("node_timex_estimated_error_seconds", GAUGE, "Estimated error in seconds."),
        lambda timex: timex.esterror / _MICROSECONDS,
    ),
    (Metric("node_timex_status", GAUGE, "Value of the status array bits."), lambda timex: timex.status),
    (Metric("node_timex_loop_time_constant", GAUGE, "Phase-locked loop time constant."), lambda timex: timex.constant),
    (
        Metric("node_timex_tick_seconds", GAUGE, "Seconds between clock ticks."),
        lambda timex: timex.tick / _MICROSECONDS,
    ),
    (
        Metric("node_timex_pps_frequency_hertz", GAUGE, "Pulse per second frequency."),
        lambda timex: timex.ppsfreq / _SCALED_PPM,
    ),
    (
        Metric("node_timex_pps_jitter_seconds", GAUGE, "Pulse per second jitter."),
        lambda timex: timex.jitter / timex.fraction,
    ),
    (Metric("node_timex_pps_shift_seconds", GAUGE, "Pulse per second interval duration."), lambda timex: timex.shift),
    (
        Metric(
            "node_timex_pps_stability_hertz",
            GAUGE,
            "Pulse per second stability, average of recent frequency changes.",
        ),
        lambda timex: timex.stabil / _SCALED_PPM,
    ),
    (
        Metric("node_timex_pps_jitter_total", COUNTER, "Pulse per second count of jitter limit exceeded events."),
        lambda timex: timex.jitcnt,
    ),
    (
        Metric("node_timex_pps_calibration_total", COUNTER, "Pulse per second count of calibration intervals."),
        lambda timex: timex.calcnt,
    ),
    (
        Metric("node_timex_pps_error_total", COUNTER, "Pulse per second count of calibration errors."),
        lambda timex: timex.errcnt,
    ),
    (
        Metric(
            "node_timex_pps_stability_exceeded_total",
            COUNTER,
            "Pulse per second count of stability limit exceeded events.",
        ),
        lambda timex: timex.stbcnt,
    ),
    (
        Metric("node_timex_tai_offset_seconds", GAUGE, "International Atomic Time (TAI) offset."),
        lambda timex: timex.tai,
    ),
)


def parse_timex(state: int, content: bytes) -> Timex:
    """Return what adjtimex(2) returned and wrote."""
    fields = _LAYOUT.unpack(content)
    # Left out are the mode, and precision, tolerance and time after the constant.
    return Timex(state, *fields[1:7], *fields[11:21])


class TimexCollector:
    """How far the clock is off, and whether anything keeps it right."""

    name = "timex"

    def __init__(self, options: NodeOptions) -> None:  # noqa: ARG002 -- the registry makes all collectors alike
        self._adjtimex = ctypes.CDLL(None, use_errno=True).adjtimex
        self._overflows = 0

    def collect(self) -> list[MetricFamily]:
        buffer = ctypes.create_string_buffer(_LAYOUT.size)
        state = self._adjtimex(buffer)
        if state < 0:
            code = ctypes.get_errno()
            raise OSError(code, f"the kernel does not tell its clock's state: {os.strerror(code)}")
        timex = parse_timex(state, buffer.raw)
        self._overflows += abs(timex.offset / timex.fraction) > _OVERFLOW_SECONDS
        families = Families()
        families.add(_SYNC_STATUS, float(state != _TIME_ERROR))
        families.add(_OVERFLOWS, float(self._overflows))
        for metric, value in _METRICS:
            families.add(metric, float(value(timex)))
        return families.all()
