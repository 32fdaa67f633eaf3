"""The catalog of layouts: a segment of the log that is never dropped, only rewritten without what nobody uses."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from pathlib import Path

from vedette_server.storage.files import written_aside
from vedette_server.storage.log import framing
from vedette_server.storage.log.records import RecordError, decode_record, encode_layout
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

    def add(self, layouts: Iterable[Layout]) -> None:
        """Add layouts, durably."""
        fresh = [layout for layout in layouts if layout.hash not in self.hashes]
        if not fresh:
            return
        records = [_framed(layout) for layout in fresh]
        if not self.path.exists():
            self._write(records)
        else:
            with self.path.open("ab") as file:
                file.write(b"".join(records))
                file.flush()
                os.fsync(file.fileno())
        self.hashes.update(layout.hash for layout in fresh)

    def keep(self, wanted: set[bytes]) -> None:
        """Rewrite the file with the wanted layouts only."""
        kept = [layout for layout in Catalog(self.path.parent).load(lambda *_: None) if layout.hash in wanted]
        self._write([_framed(layout) for layout in kept])
        self.hashes = {layout.hash for layout in kept}

    def _write(self, records: Iterable[bytes]) -> None:
        with written_aside(self.path) as file:
            file.write(framing.segment_head(0))
            for record in records:
                file.write(record)


def _framed(layout: Layout) -> bytes:
    payload = encode_layout(layout)
    return framing.frame_record(payload) + payload
