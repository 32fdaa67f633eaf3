"""``vedette storage import``: samples of OpenMetrics text into a store that no server uses."""

from __future__ import annotations

import os
import pwd
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import trio

from vedette_server.main.storage_command.errors import ImportFailedError, StorageCommandError
from vedette_server.main.storage_command.sample_reader import SampleReader
from vedette_server.storage import StorageOptions, Store
from vedette_server.storage.interface import Receipt
from vedette_shared.errors import VedetteError

SAMPLES_AT_ONCE = 100_000
_OPTIONS = StorageOptions(retention_ms=0, commit_delay_ms=0)
"""What is old is for the server to drop, by its own retention."""


@dataclass(slots=True)
class Totals:
    """What became of the samples of the lines up to ``line``."""

    line: int = 0
    stored: int = 0
    repeated: int = 0
    refused: int = 0

    def include(self, receipt: Receipt, line: int) -> None:
        """Count one batch."""
        self.line = line
        self.stored += receipt.stored
        self.repeated += receipt.repeated
        self.refused += receipt.refused

    def __str__(self) -> str:
        refused = f", {self.refused:,} refused, as the store holds another value for their time" if self.refused else ""
        return f"{self.stored:,} samples stored, {self.repeated:,} were there already{refused}"


def import_samples(
    folder: Path, file: BinaryIO, name: str, advance: Callable[[int], object], samples_at_once: int = SAMPLES_AT_ONCE
) -> Totals:
    """Store the samples of ``file``, a page of OpenMetrics, in the store ``folder``, which is made if need be.

    Raises:
        ImportFailedError: a line is bad, or the store fails; the text says what is stored all the same.
        StorageCommandError: the folder is another user's.
        DataFolderError: a server uses the store.
    """
    _require_owner(folder)
    store = Store.open(folder, _OPTIONS)
    totals = Totals()
    failure: VedetteError | None = None
    interrupted = False
    try:
        failure = trio.run(_Import(store, file, totals, advance, samples_at_once).run)
    except* KeyboardInterrupt:
        interrupted = True
    finally:
        store.close()
    if failure is not None or interrupted:
        reason = f"{name}: {failure}" if failure is not None else "interrupted"
        raise ImportFailedError(
            f"{reason}; the lines up to {totals.line} are imported ({totals}); "
            "import the file again when it is mended: what is stored is not stored twice"
        )
    return totals


class _Import:
    """One import."""

    def __init__(
        self, store: Store, file: BinaryIO, totals: Totals, advance: Callable[[int], object], samples_at_once: int
    ) -> None:
        self._store = store
        self._reader = SampleReader(file)
        self._totals = totals
        self._advance = advance
        self._samples_at_once = samples_at_once

    async def run(self) -> VedetteError | None:
        """Take the samples in; return what went wrong."""
        failure = None
        async with trio.open_nursery() as nursery:
            await nursery.start(self._store.run)
            try:
                await self._take_all()
            except VedetteError as error:
                failure = error
            try:
                # At the end, as a page may say of a family what it is in any place.
                await self._store.describe(self._reader.families())
            except VedetteError as error:
                failure = failure or error
            nursery.cancel_scope.cancel()
        return failure

    async def _take_all(self) -> None:
        while True:
            batch = await trio.to_thread.run_sync(self._reader.batch, self._samples_at_once, abandon_on_cancel=True)
            if batch is None:
                return
            receipt = await self._store.appender.append_samples(batch.labels, batch.samples)
            self._totals.include(receipt, batch.line)
            self._advance(batch.size)


def _require_owner(folder: Path) -> None:
    """Root would leave files that the server cannot write."""
    place = folder
    while not place.exists():
        place = place.parent
    owner = place.stat().st_uid
    if os.geteuid() == 0 and owner != 0:
        try:
            name = pwd.getpwuid(owner).pw_name
        except KeyError:
            name = f"#{owner}"
        raise StorageCommandError(
            f"{place} belongs to {name}; run this as that user: runuser -u {name} -- vedette storage import ..."
        )
