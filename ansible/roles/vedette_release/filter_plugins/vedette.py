# ruff: noqa: INP001 -- Ansible loads a plugin by its path, not as a part of a package
"""Filters of Vedette's roles: TOML from variables, and the name of a release from what it is made of."""

from __future__ import annotations

import hashlib
import json
import math
import os
import re
import tarfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from ansible.constants import DEFAULT_LOCAL_TMP
from ansible.errors import AnsibleFilterError

_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}
_LEAST_INTEGER, _MOST_INTEGER = -(2**63), 2**63 - 1


class FilterModule:
    """What the templates may call."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filters by name."""
        return {
            "to_toml": to_toml,
            "without_unset": without_unset,
            "vedette_release_name": release_name,
            "vedette_packed": packed,
        }


def to_toml(document: Mapping[str, object]) -> str:
    """Return ``document`` as TOML 1.0: values of a table first, then its tables, then its arrays of tables.

    Raises:
        AnsibleFilterError: a value has no TOML form; the text names the key path.
    """
    if not isinstance(document, Mapping):
        raise AnsibleFilterError(f"a configuration is a mapping of keys to values, not {document!r}")
    return "\n".join(_table(document, ())).strip("\n") + "\n"


def without_unset(value: object) -> object:
    """Return ``value`` without the keys that are null, and without the tables which that leaves empty."""
    if isinstance(value, Mapping):
        kept = {key: without_unset(inner) for key, inner in value.items() if inner is not None}
        return {key: inner for key, inner in kept.items() if inner != {} or value[key] == {}}
    if isinstance(value, list):
        return [without_unset(inner) for inner in value]
    return value


def release_name(wheel: str, extras: Sequence[str], python: str, *files: str) -> str:
    """Return a name that tells releases apart: the wheel's version and a digest of all that goes into the release.

    Args:
        wheel: The wheel on this machine.
        extras: The extras of the package that are installed.
        python: The version of the host's Python, such as ``3.11``.
        files: Further files and folders of this machine; of a folder the names count, of a file the content.
    """
    path = Path(wheel)
    fields = path.name.split("-")
    if path.suffix != ".whl" or len(fields) < 5:
        raise AnsibleFilterError(
            f"vedette_wheel: {wheel} is not the name of a wheel, like vedette-1.0-py3-none-any.whl"
        )
    parts = [_content(path), *sorted(set(extras)), python]
    parts += [_names(Path(file)) if Path(file).is_dir() else _content(Path(file)) for file in files if file]
    return f"{fields[1]}-{hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:12]}"


def packed(folder: str) -> str:
    """Return the path of an archive of the files in ``folder``, made once and gone with the run of Ansible."""
    source = Path(folder)
    digest = hashlib.sha256(f"{source.resolve()}\n{_names(source)}".encode()).hexdigest()[:12]
    archive = Path(DEFAULT_LOCAL_TMP) / f"vedette-wheelhouse-{digest}.tar"
    if not archive.exists():
        # Ansible works on several hosts at a time: each finds the whole archive or none.
        unfinished = archive.with_suffix(f".{os.getpid()}")
        with tarfile.open(unfinished, "w") as tar:
            tar.add(source, arcname=".")
        unfinished.replace(archive)
    return str(archive)


def _content(path: Path) -> str:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise AnsibleFilterError(f"{path}: cannot be read on the controlling machine: {error.strerror}") from None


def _names(folder: Path) -> str:
    try:
        return "\n".join(sorted(path.name for path in folder.iterdir()))
    except OSError as error:
        raise AnsibleFilterError(f"{folder}: cannot be read on the controlling machine: {error.strerror}") from None


def _table(table: Mapping[str, object], path: tuple[str, ...]) -> Iterator[str]:
    inner: list[tuple[str, tuple[str, ...], Mapping[str, object]]] = []
    for key, value in table.items():
        here = (*path, str(key))
        if isinstance(value, Mapping):
            inner.append(("[{}]", here, value))
        elif isinstance(value, list) and value and all(isinstance(item, Mapping) for item in value):
            inner += [("[[{}]]", here, item) for item in value]
        else:
            yield f"{_key(str(key))} = {_value(value, here)}"
    for opening, here, below in inner:
        yield ""
        yield opening.format(".".join(map(_key, here)))
        yield from _table(below, here)


def _value(value: object, path: tuple[str, ...]) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return _string(value, path)
    if isinstance(value, int) and _LEAST_INTEGER <= value <= _MOST_INTEGER:
        return str(int(value))
    if isinstance(value, float):
        return _float(value)
    if isinstance(value, list | tuple):
        return f"[{', '.join(_value(item, path) for item in value)}]"
    if isinstance(value, Mapping):
        pairs = (f"{_key(str(key))} = {_value(inner, (*path, str(key)))}" for key, inner in value.items())
        return f"{{ {', '.join(pairs)} }}" if value else "{}"
    raise AnsibleFilterError(f"{'.'.join(path)}: {value!r} has no form in TOML")


def _float(value: float) -> str:
    if math.isfinite(value):
        return repr(float(value))
    return "nan" if math.isnan(value) else ("inf" if value > 0 else "-inf")


def _key(text: str) -> str:
    return text if _BARE_KEY.fullmatch(text) else _string(text, (text,))


def _string(text: str, path: tuple[str, ...]) -> str:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise AnsibleFilterError(f"{'.'.join(path)}: {text!r} is not valid Unicode") from None
    return '"' + "".join(_ESCAPES.get(sign) or _escaped(sign) for sign in text) + '"'


def _escaped(sign: str) -> str:
    return f"\\u{ord(sign):04X}" if sign < " " or sign == "\x7f" else sign
