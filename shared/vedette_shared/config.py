"""Configuration: TOML files, merged, loaded once into frozen msgspec structs.

A file and its drop-in folder make one configuration: drop-ins are read in the order of their names; tables are merged
key by key, arrays of tables are joined, any other value replaces the one before it. Every error names the file, the key
path and the fix.
"""

from __future__ import annotations

import difflib
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from vedette_shared.durations import parse_duration
from vedette_shared.errors import ConfigError, DurationError

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

Config = TypeVar("Config", bound=msgspec.Struct)

_SIZE = re.compile(r"(\d+)\s*(B|KiB|MiB|GiB|TiB|kB|MB|GB|TB)?")
_SIZE_UNITS: dict[str, int] = {"": 1, "B": 1} | {
    prefix + suffix: base**exponent
    for suffix, base, prefixes in (("iB", 1024, "KMGT"), ("B", 1000, "kMGT"))
    for exponent, prefix in enumerate(prefixes, start=1)
}
_UNKNOWN_KEY = re.compile(r"Object contains unknown field `(.*)`")
_MISSING_KEY = re.compile(r"Object missing required field `(.*)`")
_AT_PATH = re.compile(r"(?s)(.*?)(?: - at `\$\.?(.*)`)?")
_STEP = re.compile(r"\[(\d+)\]|\[\.\.\.\]|([^.\[\]]+)")


class Duration(int):
    """Milliseconds, written as a text such as ``"15s"`` or ``"1h30m"``."""

    __slots__ = ()

    @property
    def seconds(self) -> float:
        """The same in seconds, as trio wants it."""
        return self / 1000

    @classmethod
    def from_toml(cls, value: object) -> Duration:
        if not isinstance(value, str):
            raise ValueError(f'{value!r} is not a duration; write it as a text, like "15s"')
        try:
            return cls(parse_duration(value))
        except DurationError as error:
            raise ValueError(str(error)) from error


class Size(int):
    """Bytes, written as a number or as a text such as ``"512MiB"`` or ``"2GB"``."""

    __slots__ = ()

    @classmethod
    def from_toml(cls, value: object) -> Size:
        if isinstance(value, str):
            return cls(parse_size(value))
        if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
            return cls(value)
        raise ValueError(f'{value!r} is not a size; write it like "512MiB" or "2GB"')


def parse_size(text: str) -> int:
    """Return the bytes that ``text`` names.

    Raises:
        ValueError: the text is not a whole number with one of the units B, KiB … TiB, kB … TB.
    """
    match = _SIZE.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"{text!r} is not a size; write it like 512MiB or 2GB")
    return int(match[1]) * _SIZE_UNITS[match[2] or ""]


def load_config(kind: type[Config], file: Path | None, *drop_ins: Path) -> Config:
    """Return the configuration in ``file``, with the ``*.toml`` files of the folders ``drop_ins`` laid over it.

    Args:
        kind: A frozen struct with ``forbid_unknown_fields=True``, whose ``__post_init__`` raises ValueError on what is
            impossible.
        file: The main file; ``None`` for the defaults alone.
        drop_ins: Folders, in order; each may be absent.

    Raises:
        ConfigError: a file cannot be read, is not TOML, or holds what ``kind`` does not allow.
    """
    return merge_config(kind, read_documents(file, *drop_ins))


def read_documents(file: Path | None, *drop_ins: Path) -> list[tuple[str, dict[str, Any]]]:
    """Return the name and the content of ``file`` and of the ``*.toml`` files of the folders, in their order.

    Raises:
        ConfigError: a file cannot be read or is not TOML.
    """
    files = [file] if file is not None else []
    for folder in drop_ins:
        files += sorted(folder.glob("*.toml"))
    return [(str(path), read_toml(path)) for path in files]


def merge_config(kind: type[Config], documents: Sequence[tuple[str, dict[str, Any]]]) -> Config:
    """Return the configuration that ``documents``, pairs of a file's name and its content, make together.

    Raises:
        ConfigError: as ``load_config``.
    """
    merged: dict[str, Any] = {}
    origins: dict[str, str] = {}
    for name, document in documents:
        _merge(merged, document, name, "", origins)
    try:
        return msgspec.convert(merged, kind, dec_hook=_decode_custom)
    except msgspec.ValidationError as error:
        raise ConfigError(_explain(str(error), kind, origins, documents)) from error


def read_toml(path: Path) -> dict[str, Any]:
    """Return the content of one TOML file.

    Raises:
        ConfigError: it cannot be read, or is not TOML.
    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: not valid TOML: {error}") from error


def _merge(into: dict[str, Any], more: dict[str, Any], origin: str, path: str, origins: dict[str, str]) -> None:
    for key, value in more.items():
        here = f"{path}.{key}" if path else key
        present = into.get(key)
        if isinstance(value, dict) and isinstance(present, dict):
            _merge(present, value, origin, here, origins)
        elif present is not None and _is_table_array(value) and _is_table_array(present):
            for offset in range(len(value)):
                origins[f"{here}[{len(present) + offset}]"] = origin
            into[key] = present + value
        else:
            into[key] = value
            origins[here] = origin
            if isinstance(value, dict):
                into[key] = {}
                _merge(into[key], value, origin, here, origins)


def _is_table_array(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(item, dict) for item in value)


def _decode_custom(kind: type, value: object) -> object:
    """Decode what TOML has no type for: ``Path``, and the types that say themselves how, in ``from_toml``."""
    if kind is Path and isinstance(value, str):
        return Path(value)
    if hasattr(kind, "from_toml"):
        return kind.from_toml(value)
    raise ValueError(f"{value!r} does not fit here")


def _explain(text: str, kind: type, origins: dict[str, str], documents: Sequence[tuple[str, object]]) -> str:
    match = _AT_PATH.fullmatch(text)
    assert match is not None
    message, path = match[1], match[2] or ""
    if unknown := _UNKNOWN_KEY.fullmatch(message):
        known = _keys_at(kind, path)
        near = difflib.get_close_matches(unknown[1], known, 1)
        hint = f"did you mean {near[0]}?" if near else f"the keys known here are {', '.join(known) or 'none'}"
        path = f"{path}.{unknown[1]}" if path else unknown[1]
        message = f"unknown key; {hint}"
    elif missing := _MISSING_KEY.fullmatch(message):
        path = f"{path}.{missing[1]}" if path else missing[1]
        message = "this key is required"
    else:
        message = message[:1].lower() + message[1:].replace("`", "")
    return f"{_origin_of(path, origins, documents)}: {path or 'top level'}: {message}"


def _origin_of(path: str, origins: dict[str, str], documents: Sequence[tuple[str, object]]) -> str:
    while path:
        if path in origins:
            return origins[path]
        path = path[: max(path.rfind("."), path.rfind("["), 0)]
    return documents[-1][0] if documents else "configuration"


def _keys_at(kind: type, path: str) -> list[str]:
    """The keys that the struct at ``path`` below ``kind`` takes."""
    found = [msgspec.inspect.type_info(kind)]
    for step in _STEP.finditer(path):
        found = [inner for info in found for inner in _below(info, step[2])]
    return sorted(
        field.encode_name for info in found if isinstance(info, msgspec.inspect.StructType) for field in info.fields
    )


def _below(info: msgspec.inspect.Type, key: str | None) -> list[msgspec.inspect.Type]:
    inner: list[msgspec.inspect.Type] = []
    if isinstance(info, msgspec.inspect.StructType):
        inner = [field.type for field in info.fields if field.encode_name == key]
    elif isinstance(info, msgspec.inspect.DictType):
        inner = [info.value_type]
    elif isinstance(info, msgspec.inspect.ListType | msgspec.inspect.VarTupleType):
        inner = [info.item_type]
    return [
        part for found in inner for part in (found.types if isinstance(found, msgspec.inspect.UnionType) else [found])
    ]
