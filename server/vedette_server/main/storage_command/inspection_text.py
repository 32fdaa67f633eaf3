"""A report of ``vedette storage inspect`` as text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from vedette_server.main.storage_command.inspection import BlockReport, Report
from vedette_shared.durations import format_duration


def render(report: Report) -> Iterator[str]:
    """Yield the lines that tell a report to people."""
    used = "" if report.used_by is None else f", in use by the process {report.used_by or 'unknown'}; read as it is now"
    yield f"{report.folder}{used}"
    samples = sum(block.samples for block in report.blocks)
    size = sum(block.bytes for block in report.blocks)
    yield (
        f"{report.series:,} series of {report.targets:,} targets and {report.signatures:,} signatures, "
        f"{report.layouts:,} layouts, {report.deletions:,} deletions to carry out"
    )
    churn = report.churn
    yield f"{churn.targets_added:,} targets came in the last day, {churn.targets_silent:,} have been silent for one"
    if report.damaged:
        yield f"{report.damaged:,} damaged places are left out: see vedette storage verify"
    yield ""
    yield from _table(
        [("BLOCK", "FROM", "TO", "SPAN", "TARGETS", "SERIES", "SAMPLES", "BYTES", "BYTES/SAMPLE")]
        + [_block_row(block) for block in report.blocks],
        left=3,
    )
    per_sample = f", {size / samples:.3f} bytes a sample" if samples else ""
    yield f"{len(report.blocks):,} blocks: {samples:,} samples in {size:,} bytes{per_sample}"
    yield ""
    head = report.head
    between = f" from {_time(head.min_time)} to {_time(head.max_time)}" if head.samples else ""
    yield (
        f"log: {len(report.log):,} segments of {sum(segment.bytes for segment in report.log):,} bytes; "
        f"not in blocks yet: {head.samples:,} samples of {head.series:,} series{between}"
    )
    for title, entries in (("METRIC", report.largest_metrics), ("TARGET", report.largest_targets)):
        yield ""
        yield from _table([(title, "SERIES")] + [(entry.name, f"{entry.series:,}") for entry in entries])
    yield ""
    yield from _table(
        [("LABEL", "VALUES", "SERIES")]
        + [(entry.name, f"{entry.values:,}", f"{entry.series:,}") for entry in report.largest_labels]
    )


def _block_row(block: BlockReport) -> tuple[str, ...]:
    return (
        block.name,
        _time(block.min_time),
        _time(block.max_time),
        format_duration(block.window) if block.window else "-",
        f"{block.targets:,}",
        f"{block.series:,}",
        f"{block.samples:,}",
        f"{block.bytes:,}",
        f"{block.bytes_per_sample:.3f}",
    )


def _table(rows: Sequence[tuple[str, ...]], left: int = 1) -> Iterator[str]:
    """Lines of columns, the first ``left`` of them ranged left, the others right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = [
            cell.ljust(width) if place < left else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        yield "  ".join(cells).rstrip()


def _time(milliseconds: int) -> str:
    try:
        return f"{datetime.fromtimestamp(milliseconds / 1000, UTC):%Y-%m-%dT%H:%M:%SZ}"
    except (OverflowError, ValueError, OSError):
        return str(milliseconds)
