"""A screen that asks the server again and again while it is shown, and says how that goes."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, ClassVar, cast

from textual.binding import Binding, BindingType
from textual.screen import Screen

from vedette_shared.errors import ServerUnreachableError
from vedette_tui.errors import AnswerError
from vedette_tui.link import status_line
from vedette_tui.paint import Lines

if TYPE_CHECKING:
    from vedette_tui.app import TopApp

POLL_GROUP = "poll"


class LiveScreen(Screen[None]):
    """The base of the screens with data. A subclass composes ``status`` among its widgets, and fetches."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("r", "hurry", "Refresh", show=False)]

    def __init__(self) -> None:
        super().__init__()
        self.status = Lines(id="status")
        self._hurry = asyncio.Event()

    @property
    def top(self) -> TopApp:
        """The application, with the way to the server."""
        return cast("TopApp", self.app)

    @property
    def now_ms(self) -> int:
        """The server's time now."""
        return self.top.link.server_now(self.top.clock.monotonic())

    async def fetch(self) -> int:
        """Ask the server, keep the answer for ``redraw``, and return the server's time (ms).

        Raises:
            ServerUnreachableError, AnswerError: as the client.
        """
        raise NotImplementedError

    def redraw(self) -> None:
        """Show the data there is, as of ``self.now_ms``."""
        raise NotImplementedError

    def on_screen_resume(self) -> None:
        """Begin to ask."""
        self.run_worker(self._poll(), name="poll", group=POLL_GROUP, exclusive=True)

    def on_screen_suspend(self) -> None:
        """Stop asking: nobody looks."""
        self.workers.cancel_group(self, POLL_GROUP)

    def action_hurry(self) -> None:
        """Ask now instead of at the next turn."""
        self._hurry.set()

    async def _poll(self) -> None:
        # One question at a time: an answer slower than the interval still arrives.
        self._show_status()
        while True:
            await self._ask()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._hurry.wait(), self.top.interval_s)
            self._hurry.clear()

    async def _ask(self) -> None:
        app = self.top
        try:
            server_time = await self._fetch_in_time()
        except (ServerUnreachableError, AnswerError) as error:
            silent = isinstance(error, ServerUnreachableError)
            app.link = app.link.failed(app.clock.now_ms(), str(error), silent=silent)
        else:
            app.link = app.link.reached(app.clock.now_ms(), server_time, app.clock.monotonic())
        self._show_status()
        self.redraw()

    async def _fetch_in_time(self) -> int:
        try:
            async with asyncio.timeout(self.top.patience_s):
                return await self.fetch()
        except TimeoutError as error:
            raise ServerUnreachableError(f"no answer in {self.top.patience_s:g} s") from error

    def _show_status(self) -> None:
        self.status.show(status_line(self.top.link))
        self.set_class(self.top.link.is_away, "-away")
