"""Drives the application as a person would: keys in, the text of the screen out."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import httpx
from textual.pilot import Pilot

from vedette_shared.clock import ManualClock
from vedette_tui.app import TopApp

PATIENCE_S = 20.0
NOON_MS = 1_000_000_000_000 // 86_400_000 * 86_400_000 + 43_200_000
Result = TypeVar("Result")


class Driver:
    """One running application."""

    def __init__(self, app: TopApp, pilot: Pilot[None], clock: ManualClock) -> None:
        self.app = app
        self.pilot = pilot
        self.clock = clock

    def lines(self) -> list[str]:
        """The text on the screen, line by line, without spaces at the ends."""
        strips = self.app.screen._compositor.render_strips()
        return [strip.text.rstrip() for strip in strips]

    def text(self) -> str:
        """The text on the screen."""
        return "\n".join(self.lines())

    async def press(self, *keys: str) -> None:
        """Press keys and let them take effect."""
        await self.pilot.press(*keys)
        await self.pilot.pause()

    async def until(self, holds: Callable[[], bool]) -> None:
        """Wait until something holds."""
        try:
            async with asyncio.timeout(PATIENCE_S):
                while not holds():
                    await asyncio.sleep(0.01)
        except TimeoutError:
            raise AssertionError(f"it never held; the screen:\n{self.text()}") from None

    async def sees(self, *texts: str) -> None:
        """Wait until every text stands on the screen."""
        await self.until(lambda: all(text in self.text() for text in texts))


def drive(
    url: str,
    script: Callable[[Driver], Awaitable[Result]],
    *,
    size: tuple[int, int] = (80, 24),
    theme: str = "dark",
    patience_s: float = 10.0,
    interval_s: float = 0.2,
) -> Result:
    """Run the application against ``url`` under ``script``; its clock stands at noon."""

    async def run() -> Result:
        clock = ManualClock(NOON_MS)
        app = TopApp(httpx.URL(url), interval_s, theme=theme, clock=clock, patience_s=patience_s)
        async with app.run_test(size=size) as pilot:
            return await script(Driver(app, pilot, clock))

    return asyncio.run(run())
