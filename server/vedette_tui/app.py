"""The application: holds the way to the server and the screens."""

from __future__ import annotations

from typing import ClassVar

import httpx
from textual.app import App
from textual.binding import Binding, BindingType

from vedette_shared.clock import Clock, SystemClock
from vedette_tui.client import FleetClient
from vedette_tui.link import Link
from vedette_tui.screens.fleet import FleetScreen
from vedette_tui.screens.help import HelpScreen
from vedette_tui.screens.services import ServicesScreen
from vedette_tui.themes import THEMES

PATIENCE_S = 10.0
"""How long to wait for an answer before the server counts as away."""


class TopApp(App[None]):
    """Shows one server's fleet."""

    TITLE = "vedette top"
    CSS_PATH = "top.tcss"
    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("question_mark", "help", "Help", key_display="?"),
        Binding("q", "quit", "Quit"),
        Binding("ctrl+c", "quit", "Quit", show=False, priority=True),
        Binding("t", "swap_theme", "Theme", show=False),
    ]

    def __init__(
        self,
        url: httpx.URL,
        interval_s: float,
        *,
        theme: str = "dark",
        clock: Clock | None = None,
        patience_s: float = PATIENCE_S,
    ) -> None:
        super().__init__()
        self.client = FleetClient(url)
        self.interval_s = interval_s
        self.patience_s = patience_s
        self.clock: Clock = clock or SystemClock()
        self.link = Link(self.client.address)
        for one in THEMES.values():
            self.register_theme(one)
        self.theme = THEMES[theme].name

    async def on_mount(self) -> None:
        """Open the connection and show the fleet."""
        await self.client.__aenter__()
        await self.push_screen(FleetScreen())

    async def on_unmount(self) -> None:
        """Close the connection."""
        await self.client.__aexit__(None, None, None)

    def show_host(self, host: str) -> None:
        """Show the services of a host."""
        self.push_screen(ServicesScreen(host))

    def action_help(self) -> None:
        """Show the help."""
        self.push_screen(HelpScreen())

    def action_swap_theme(self) -> None:
        """Go from dark to light or back."""
        self.theme = THEMES["light" if self.current_theme.dark else "dark"].name
