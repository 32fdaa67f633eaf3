"""``vedette storage``: its parser, and which module does what."""

from __future__ import annotations

import argparse
import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from vedette_server.main.storage_command.arguments import moment_argument, selector_argument
from vedette_server.main.storage_command.errors import StorageCommandError
from vedette_server.main.storage_command.location import (
    DEFAULT_DATA,
    find_state,
    find_store,
    store_or_place,
    user_of,
)
from vedette_shared.command import CommandParser
from vedette_shared.errors import UsageError
from vedette_shared.logs import configure_logs
from vedette_shared.progress import show_progress

_EVER = 2**62


def build_parser(prog: str) -> CommandParser:
    """Return the parser of ``vedette storage``."""
    parser = CommandParser(prog, description="Look at a store, check it, copy it, move samples in and out as text.")
    actions = parser.add_subparsers(metavar="ACTION", required=True, parser_class=CommandParser)

    inspect = _action(actions, "inspect", "tell what is in the store: blocks, log, series, what is largest", _inspect)
    inspect.add_argument("--json", action="store_true", help="print it as JSON")

    _action(actions, "verify", "read every byte and check it; exit 1 if anything is damaged", _verify)

    backup = _action(actions, "backup", "write a copy of store and state, as they are now, to a new folder", _backup)
    backup.add_argument("folder", type=Path, metavar="DIR", help="where to; absent or empty")
    backup.add_argument("--copy", action="store_true", help="copy blocks even where they could be hard links")
    backup.add_argument("--without-state", action="store_true", help="leave state.sqlite out")

    restore = _action(actions, "restore", "check a backup and make it the store of a data folder without one", _restore)
    restore.add_argument("folder", type=Path, metavar="DIR", help="the backup")
    restore.add_argument("--without-state", action="store_true", help="leave state.sqlite as it is")

    export = _action(actions, "export", "print samples as OpenMetrics text with timestamps", _export)
    export.add_argument(
        "--match",
        metavar="SELECTOR",
        type=selector_argument,
        action="append",
        default=[],
        help="only these series, such as 'up{job=\"node\"}'; may be repeated",
    )
    export.add_argument("--start", metavar="T", type=moment_argument, help="from: RFC 3339, seconds, or 2h (ago)")
    export.add_argument("--end", metavar="T", type=moment_argument, help="up to, likewise")
    export.add_argument("--output", metavar="FILE", type=Path, help="write it to FILE instead of stdout")

    importing = _action(actions, "import", "store the samples of OpenMetrics text, with the server stopped", _import)
    importing.add_argument("file", metavar="FILE", help="the text; - for stdin")
    return parser


def run(arguments: argparse.Namespace) -> int:
    """Do what was asked and return the exit code.

    Raises:
        StorageCommandError: it cannot be done.
    """
    configure_logs("warning")
    code: int = arguments.action(arguments)
    return code


def _action(actions: argparse._SubParsersAction[CommandParser], name: str, text: str, action: object) -> CommandParser:
    parser = actions.add_parser(name, help=text, description=f"{text[:1].upper()}{text[1:]}.")
    parser.add_argument(
        "--data", type=Path, default=DEFAULT_DATA, metavar="DIR", help=f"the server's data folder ({DEFAULT_DATA})"
    )
    parser.set_defaults(action=action)
    return parser


def _inspect(arguments: argparse.Namespace) -> int:
    import msgspec

    from vedette_server.main.storage_command.inspection import inspect
    from vedette_server.main.storage_command.inspection_text import render

    folder = find_store(arguments.data)
    report = inspect(folder, user_of(folder))
    if arguments.json:
        print(msgspec.json.encode(report).decode())  # noqa: T201
        return 0
    for line in render(report):
        print(line)  # noqa: T201
    return 0


def _verify(arguments: argparse.Namespace) -> int:
    store = find_store(arguments.data)
    return 1 if _damages(store, find_state(store)) else 0


def _damages(store: Path, state: Path | None) -> int:
    """Check a store and a state, tell what is damaged, and return how much is."""
    from vedette_server.main.storage_command.verification import Verification

    verification = Verification(store, state)
    with show_progress("verify", verification.total()) as progress:
        for damage in verification.run(progress.advance):
            progress.print(str(damage), sys.stdout)
    outcome = verification.outcome
    for note in outcome.notes:
        print(note)  # noqa: T201
    damaged = "1 place is damaged" if outcome.damages == 1 else f"{outcome.damages} places are damaged"
    verdict = damaged if outcome.damages else "all is sound"
    print(f"{outcome.files} files, {outcome.size:,} bytes: {verdict}")  # noqa: T201
    return outcome.damages


def _backup(arguments: argparse.Namespace) -> int:
    from vedette_server.main.storage_command.copying import back_up
    from vedette_server.main.storage_command.snapshot import Snapshot

    store = find_store(arguments.data)
    state = None if arguments.without_state else find_state(store)
    with Snapshot(store) as snapshot, show_progress("backup", snapshot.size) as progress:
        copied = back_up(snapshot, arguments.folder, progress.advance, link=not arguments.copy, state=state)
    links = f", {copied.linked} of them hard links" if copied.linked else ""
    print(f"{arguments.folder}: {copied.files} files{links}, {copied.size:,} bytes")  # noqa: T201
    if state is None and not arguments.without_state:
        print("there is no state.sqlite beside the store, and so none in the backup")  # noqa: T201
    return 0


def _restore(arguments: argparse.Namespace) -> int:
    from vedette_server.main.storage_command.copying import require_room, restore

    source = find_store(arguments.folder)
    state = None if arguments.without_state else find_state(source)
    require_room(arguments.data, state)
    if _damages(source, state):
        raise StorageCommandError(f"the backup {source} is damaged; nothing was restored")
    with show_progress("restore") as progress:
        copied = restore(source, arguments.data, progress.advance, state)
    print(f"{arguments.data}: {copied.files} files, {copied.size:,} bytes are restored")  # noqa: T201
    if state is None and not arguments.without_state:
        print(  # noqa: T201
            "the backup holds no state.sqlite: states of hosts and services, events and the queue of notifications "
            "are as they were in the data folder, if it has any"
        )
    return 0


def _export(arguments: argparse.Namespace) -> int:
    from vedette_server.main.storage_command.exporting import Exporter
    from vedette_server.main.storage_command.frozen import open_frozen

    with open_frozen(find_store(arguments.data)) as store:
        start = -_EVER if arguments.start is None else arguments.start
        end = _EVER if arguments.end is None else arguments.end
        if end < start:
            raise UsageError("--end is before --start")
        exporter = Exporter(store, arguments.match, start, end)
        with _output(arguments.output) as file, show_progress("export") as progress:
            for text in exporter.text():
                data = text.encode()
                file.write(data)
                progress.advance(len(data))
    left_out = f"; {exporter.nameless} series without a name are left out" if exporter.nameless else ""
    damaged = f"; {store.damage} damaged places are left out, see vedette storage verify" if store.damage else ""
    print(f"{exporter.samples:,} samples of {exporter.series:,} series{left_out}{damaged}", file=sys.stderr)  # noqa: T201
    return 0


@contextlib.contextmanager
def _output(path: Path | None) -> Iterator[BinaryIO]:
    """Give stdout, or a file that stands under its name when it is whole."""
    if path is None:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    from vedette_server.storage.files import written_aside

    with _told(path), written_aside(path) as file:
        yield file


def _import(arguments: argparse.Namespace) -> int:
    from vedette_server.main.storage_command.importing import import_samples

    folder = store_or_place(arguments.data)
    if arguments.file == "-":
        with show_progress("import") as progress:
            totals = import_samples(folder, sys.stdin.buffer, "stdin", progress.advance)
    else:
        path = Path(arguments.file)
        with _told(path), path.open("rb") as file, show_progress("import", path.stat().st_size) as progress:
            totals = import_samples(folder, file, str(path), progress.advance)
    print(totals)  # noqa: T201
    return 1 if totals.refused else 0


@contextlib.contextmanager
def _told(path: Path) -> Iterator[None]:
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        raise StorageCommandError(f"{error.filename or path}: {error.strerror or error}") from error
