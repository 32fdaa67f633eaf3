"""``vedette agent --once``: one collection of everything, for people and for promtool."""

from __future__ import annotations

import struct
from collections.abc import Iterator

import msgspec
import zstandard

from vedette_agent.agent import Agent
from vedette_agent.apps.follow import find, make_finder, with_findings
from vedette_agent.config import AgentConfig
from vedette_agent.config_parts import ExposeConfig
from vedette_agent.expose.frames import FramePages
from vedette_agent.push.pusher import ZSTD_LEVEL
from vedette_agent.sources.framing import NewFrame
from vedette_shared.clock import SystemClock
from vedette_shared.exposition import format_value, write_text
from vedette_shared.frames import decode_target
from vedette_shared.labels import METRIC_NAME, format_series


async def print_page(config: AgentConfig) -> bytes:
    """Return the page of metrics of this moment."""
    return write_text(await (await _once(config)).collect_page())


async def print_frames(config: AgentConfig) -> bytes:
    """Return, for people, the frames of this moment as a push would hold them."""
    frames = [frame for _, frame in await (await _once(config)).collect_once()]
    message = FramePages(config.host_name).encode(frames)
    size = len(zstandard.ZstdCompressor(level=ZSTD_LEVEL).compress(message))
    lines = [line for frame in frames for line in _describe(frame)]
    lines.append(f"message with all layouts: {len(message)} bytes, {size} compressed")
    return "".join(f"{line}\n" for line in lines).encode()


async def _once(config: AgentConfig) -> Agent:
    # Traps come to an agent that runs.
    quiet = msgspec.structs.replace(config, push=None, expose=ExposeConfig(enabled=False), snmp_traps=None)
    clock = SystemClock()
    return Agent(with_findings(quiet, await find(quiet, make_finder(quiet, clock))), clock)


def _describe(frame: NewFrame) -> Iterator[str]:
    layout = frame.layout
    yield (
        f"source={frame.source} target={format_series(decode_target(frame.target))}"
        f" timestamp={frame.timestamp} layout={layout.hash.hex()} series={len(layout)}"
    )
    for series, value in zip(layout.series, struct.unpack(f"<{len(layout)}d", frame.values), strict=True):
        yield f"  {format_series(((METRIC_NAME, series.name), *series.labels))} {format_value(value)}"
