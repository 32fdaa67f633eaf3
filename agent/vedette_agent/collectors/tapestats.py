"""Tape drives: ``/sys/class/scsi_tape/*/stats``, see Documentation/scsi/st.rst."""

from __future__ import annotations

import re

from vedette_agent.collectors.attributes import Attribute, add_attributes
from vedette_agent.collectors.families import COUNTER, GAUGE, Families, Metric
from vedette_agent.collectors.options import NodeOptions
from vedette_agent.collectors.reading import list_class
from vedette_shared.metrics import MetricFamily

_NANOSECOND = 1e-9
_ATTRIBUTES = (
    Attribute(
        "in_flight",
        Metric("node_tape_io_now", GAUGE, "The number of I/Os currently outstanding to this device."),
    ),
    Attribute(
        "io_ns",
        Metric(
            "node_tape_io_time_seconds_total",
            COUNTER,
            "The amount of time spent waiting for all I/O to complete (including read and write). This includes tape "
            "movement commands such as seeking between file or set marks and implicit tape movement such as when "
            "rewind on close tape devices are used.",
        ),
        _NANOSECOND,
    ),
    Attribute(
        "other_cnt",
        Metric(
            "node_tape_io_others_total",
            COUNTER,
            "The number of I/Os issued to the tape drive other than read or write commands. The time taken to "
            "complete these commands uses the following calculation "
            "io_time_seconds_total-read_time_seconds_total-write_time_seconds_total",
        ),
    ),
    Attribute(
        "read_byte_cnt",
        Metric("node_tape_read_bytes_total", COUNTER, "The number of bytes read from the tape drive."),
    ),
    Attribute(
        "read_cnt",
        Metric("node_tape_reads_completed_total", COUNTER, "The number of read requests issued to the tape drive."),
    ),
    Attribute(
        "read_ns",
        Metric(
            "node_tape_read_time_seconds_total",
            COUNTER,
            "The amount of time spent waiting for read requests to complete.",
        ),
        _NANOSECOND,
    ),
    Attribute(
        "resid_cnt",
        Metric(
            "node_tape_residual_total",
            COUNTER,
            "The number of times during a read or write we found the residual amount to be non-zero. This should mean "
            "that a program is issuing a read larger thean the block size on tape. For write not all data made it to "
            "tape.",
        ),
    ),
    Attribute(
        "write_byte_cnt",
        Metric("node_tape_written_bytes_total", COUNTER, "The number of bytes written to the tape drive."),
    ),
    Attribute(
        "write_cnt",
        Metric("node_tape_writes_completed_total", COUNTER, "The number of write requests issued to the tape drive."),
    ),
    Attribute(
        "write_ns",
        Metric(
            "node_tape_write_time_seconds_total",
            COUNTER,
            "The amount of time spent waiting for write requests to complete.",
        ),
        _NANOSECOND,
    ),
)
_DRIVE = re.compile(r"st\d+")
"""A drive has further names, for other modes and without rewinding, with the same counters."""


class TapestatsCollector:
    """Bytes, requests and time of each tape drive."""

    name = "tapestats"

    def __init__(self, options: NodeOptions) -> None:
        self._sys = options.sys("class/scsi_tape")
        self._ignored = re.compile(options.tapestats.ignored_devices)

    def collect(self) -> list[MetricFamily]:
        families = Families()
        for device in list_class(self._sys, "there are no tape drives"):
            if _DRIVE.fullmatch(device) and self._ignored.search(device) is None:
                add_attributes(families, f"{self._sys}/{device}/stats", _ATTRIBUTES, (("device", device),))
        return families.all()
