"""The catalog of layouts: a segment of the log that is never dropped, only rewritten without what nobody uses."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from vedette_server.storage.files import written_aside
from vedette_server.storage.log import framing
from vedette_server.storage.log.records import RecordError, decode_record
from vedette_server.storage.log.segments import read_segment
from vedette_shared.frames import Layout

NAME = "layouts.catalog"


class Catalog:
    """The file of the layouts whose segment of the log has gone."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / NAME
        self.hashes: set[bytes] = set()

    def load(self, damaged: Callable[[Path, int, str], None]) -> Iterable[Layout]:
        """Yield all layouts; ``damaged`` is told the path, the offset and the nature of what cannot be read."""
        if not self.path.exists():
            return
        for part in read_segment(self.path, 0):
            if isinstance(part, framing.Damage):
                damaged(self.path, part.offset, f"{part.length} bytes are no layout")
                continue
            try:
                layout = decode_record(part)
            except RecordError as error:
                damaged(self.path, 0, str(error))
                continue
            if isinstance(layout, Layout) and layout.hash not in self.hashes:
                self.hashes.add(layout.hash)
                yield layout

    def add(self, payloads: Mapping[bytes, bytes]) -> None:
        """Add layouts, as payloads of records by hash, durably."""
        fresh = {layout_hash: payload for layout_hash, payload in payloads.items() if layout_hash not in self.hashes}
        if not fresh:
            return
        if not self.path.exists():
            self._write(fresh.values())
        else:
            self._append(b"".join(map(_framed, fresh.values())))
        self.hashes.update(fresh)

    def keep(self, payloads: Mapping[bytes, bytes]) -> None:
        """Let go of the layouts that are not among these, durably; the others stand in the order of these."""
        kept = {layout_hash: payload for layout_hash, payload in payloads.items() if layout_hash in self.hashes}
        if len(kept) < len(self.hashes):
            self.rewrite(kept)

    def rewrite(self, payloads: Mapping[bytes, bytes]) -> None:
        """Replace the file by one with just these layouts."""
        self._write(payloads.values())
        self.hashes = set(payloads)

    def _append(self, data: bytes) -> None:
        with self.path.open("ab", buffering=0) as file:
            before = file.tell()
            left = memoryview(data)
            try:
                while left:
                    left = left[file.write(left) :]
                os.fsync(file.fileno())
            except OSError:
                with contextlib.suppress(OSError):
                    os.ftruncate(file.fileno(), before)
                raise

    def _write(self, payloads: Iterable[bytes]) -> None:
        with written_aside(self.path) as file:
            file.write(framing.segment_head(0))
            file.writelines(map(_framed, payloads))


def _framed(payload: bytes) -> bytes:
    return framing.frame_record(payload) + payload
