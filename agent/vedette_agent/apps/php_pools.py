"""The pools of PHP-FPM on this host: where each listens, and where its status is, out of its master's configuration.

Source: the documentation of PHP-FPM's configuration. The master tells the file in its title, which all may read:
``php-fpm: master process (/etc/php/8.2/fpm/php-fpm.conf)``.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from vedette_agent.apps.sockets import Place

MOST_BYTES = 1 << 20
"""No configuration has more."""

_MASTER = re.compile(rb"php-fpm: master process \((/[^)\0]*)\)")
_SECTION = re.compile(r"\[([^]]+)\]")
_OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH


@dataclass(frozen=True, slots=True)
class Pool:
    """One pool.

    Attributes:
        name: Its section.
        listen: Where it takes requests.
        status_path: ``pm.status_path``; empty where it is not set.
        status_listen: ``pm.status_listen``: where only its status is asked for.
    """

    name: str
    listen: Place
    status_path: str = ""
    status_listen: Place | None = None


def running_pools(proc: Path, rootfs: Path) -> list[Pool]:
    """Return the pools of all masters that run, as far as their configuration can be read and trusted."""
    files = sorted({file for process in proc.iterdir() if process.name.isdigit() for file in _configurations(process)})
    return [pool for file in files for pool in make_pools(_settings(file, rootfs), rootfs)]


def make_pools(settings: Iterable[tuple[str, str, str]], rootfs: Path) -> list[Pool]:
    """Return the pools that settings, each of a section, a key and a value, make up."""
    sections: dict[str, dict[str, str]] = {}
    for section, key, value in settings:
        sections.setdefault(section, {})[key] = value.replace("$pool", section)
    pools = []
    for name, keys in sections.items():
        listen = _place(keys.get("listen", ""), rootfs)
        if listen is not None:
            status = _place(keys.get("pm.status_listen", ""), rootfs)
            pools.append(Pool(name, listen, keys.get("pm.status_path", ""), status))
    return pools


def read_settings(text: str) -> Iterator[tuple[str, str, str]]:
    """Yield section, key and value of each setting of a file."""
    section = "global"
    for line in text.splitlines():
        bare = line.strip()
        if head := _SECTION.match(bare):
            section = head[1].strip()
        elif bare and bare[0] not in ";#":
            key, _, value = bare.partition("=")
            yield section, key.strip(), _unquoted(value.strip())


def _configurations(process: Path) -> Iterator[str]:
    with suppress(OSError):
        if match := _MASTER.match((process / "cmdline").read_bytes()):
            yield os.fsdecode(match[1])


def _settings(file: str, rootfs: Path) -> Iterator[tuple[str, str, str]]:
    """The settings of a file and of those that it includes, which may not include others."""
    for section, key, value in read_settings(_text(rootfs / file[1:])):
        if key == "include":
            for included in _included(value, file, rootfs):
                yield from read_settings(_text(included))
        else:
            yield section, key, value


def _included(pattern: str, file: str, rootfs: Path) -> list[Path]:
    """The files of a pattern; one that is not absolute begins where PHP is installed, of whose ``etc`` ``file`` is."""
    whole = PurePosixPath(file).parent.parent / pattern
    try:
        return sorted(rootfs.glob(str(whole)[1:]))
    except (OSError, ValueError):  # no such folder, no such pattern
        return []


def _text(file: Path) -> str:
    """What a file says; nothing if any user may have written it.

    Anyone can call a process a master. Were his file heeded, the agent would ask sockets that he may not reach for what
    he wants of them.
    """
    try:
        opened = os.open(file, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return ""
    try:
        told = os.fstat(opened)
        trusted = told.st_uid in (0, os.geteuid()) and not told.st_mode & _OTHERS_WRITE
        if not stat.S_ISREG(told.st_mode) or not trusted:
            return ""
        return os.read(opened, MOST_BYTES).decode(errors="replace")
    finally:
        os.close(opened)


def _place(listen: str, rootfs: Path) -> Place | None:
    if listen.startswith("/"):
        return str(rootfs / listen[1:])
    port = listen.rpartition(":")[2]
    return int(port) if port.isdecimal() else None


def _unquoted(value: str) -> str:
    if value[:1] in ("'", '"'):
        return value[1:].partition(value[0])[0]
    return value.partition(";")[0].strip()
