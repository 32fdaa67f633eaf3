"""Reads small files of /proc and /sys with as few system calls as can be."""

from __future__ import annotations

import os

from vedette_agent.errors import NoDataError

_CHUNK = 65_536
_FLAGS = os.O_RDONLY | os.O_CLOEXEC


def read_bytes(path: str) -> bytes:
    """Return the whole content of ``path``. A file of /proc may come in pieces, so it is read until it ends.

    Raises:
        OSError: it cannot be read.
    """
    descriptor = os.open(path, _FLAGS)
    try:
        content = os.read(descriptor, _CHUNK)
        if not content:
            return content
        more = os.read(descriptor, _CHUNK)
        while more:
            content += more
            more = os.read(descriptor, _CHUNK)
        return content
    finally:
        os.close(descriptor)


def read_text(path: str) -> str:
    """Return the content of ``path``; bytes that are not UTF-8 are replaced, as labels must be text.

    Raises:
        OSError: it cannot be read.
    """
    return read_bytes(path).decode("utf-8", "replace")


def read_if_present(path: str) -> bytes | None:
    """Return the content of ``path``; ``None`` where there is no such file, or no longer such a process.

    Raises:
        OSError: it is there and cannot be read.
    """
    try:
        return read_bytes(path)
    except (FileNotFoundError, NotADirectoryError, ProcessLookupError):
        return None


def read_attribute(path: str) -> str | None:
    """Return an attribute of /sys without the white space around it; ``None`` where it is absent or refuses to be read.

    Attributes come and go with the hardware, and a driver may answer a read with any error at all.
    """
    try:
        descriptor = os.open(path, _FLAGS)
    except OSError:
        return None
    try:
        content = os.read(descriptor, _CHUNK)
    except OSError:
        return None
    finally:
        os.close(descriptor)
    return content.decode("utf-8", "replace").strip()


def read_number(path: str) -> int | None:
    """Return an attribute of /sys that is a decimal or ``0x`` number; ``None`` where it is absent or no number."""
    text = read_attribute(path)
    if not text:
        return None
    try:
        return int(text, 16) if text.startswith("0x") else int(text)
    except ValueError:
        return None


def list_class(path: str, absent: str) -> list[str]:
    """Return the names in a folder of /sys that is there only when the kernel knows of such things, sorted.

    Raises:
        NoDataError: it is absent, with the text ``absent``, or closed to us.
    """
    try:
        return sorted(os.listdir(path))  # noqa: PTH208 -- a Path for each name costs more than the folder itself
    except (FileNotFoundError, NotADirectoryError) as error:
        raise NoDataError(absent) from error
    except PermissionError as error:
        raise NoDataError(f"{path} is closed to us") from error


def list_folder(path: str) -> list[str]:
    """Return the names in a folder, sorted; none where it is absent or closed to us."""
    try:
        return sorted(os.listdir(path))  # noqa: PTH208 -- a Path for each name costs more than the folder itself
    except OSError:
        return []
