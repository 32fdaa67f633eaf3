"""``vedette storage``: its parser, and which module does what."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from vedette_server.main.storage_command.errors import StorageCommandError
from vedette_server.main.storage_command.location import DEFAULT_DATA, find_store, user_of
from vedette_shared.command import CommandParser
from vedette_shared.logs import configure_logs
from vedette_shared.progress import show_progress


def build_parser(prog: str) -> CommandParser:
    """Return the parser of ``vedette storage``."""
    parser = CommandParser(prog, description="Look at a store, check it, copy it, move samples in and out as text.")
    actions = parser.add_subparsers(metavar="ACTION", required=True, parser_class=CommandParser)

    inspect = _action(actions, "inspect", "tell what is in the store: blocks, log, series, what is largest", _inspect)
    inspect.add_argument("--json", action="store_true", help="print it as JSON")

    _action(actions, "verify", "read every byte and check it; exit 1 if anything is damaged", _verify)

    backup = _action(actions, "backup", "write a copy of the store, as it is now, to a new folder", _backup)
    backup.add_argument("folder", type=Path, metavar="DIR", help="where to; absent or empty")
    backup.add_argument("--copy", action="store_true", help="copy blocks even where they could be hard links")

    restore = _action(actions, "restore", "check a backup and make it the store of a data folder without one", _restore)
    restore.add_argument("folder", type=Path, metavar="DIR", help="the backup")
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
    return 1 if _damages(find_store(arguments.data)) else 0


def _damages(folder: Path) -> int:
    """Check a store, tell what is damaged, and return how much is."""
    from vedette_server.main.storage_command.verification import Verification

    verification = Verification(folder)
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

    with Snapshot(find_store(arguments.data)) as snapshot, show_progress("backup", snapshot.size) as progress:
        copied = back_up(snapshot, arguments.folder, progress.advance, link=not arguments.copy)
    links = f", {copied.linked} of them hard links" if copied.linked else ""
    print(f"{arguments.folder}: {copied.files} files{links}, {copied.size:,} bytes")  # noqa: T201
    return 0


def _restore(arguments: argparse.Namespace) -> int:
    from vedette_server.main.storage_command.copying import require_room, restore

    source = find_store(arguments.folder)
    require_room(arguments.data)
    if _damages(source):
        raise StorageCommandError(f"the backup {source} is damaged; nothing was restored")
    with show_progress("restore") as progress:
        copied = restore(source, arguments.data, progress.advance)
    print(f"{arguments.data}: {copied.files} files, {copied.size:,} bytes are restored")  # noqa: T201
    return 0
