"""Modules, in TOML files: what to ask a device for and how to call it. ``agent/SNMP.md`` explains each key."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal

import msgspec

from vedette_agent.snmp.ber import format_oid, parse_oid
from vedette_shared.config import load_config
from vedette_shared.errors import ConfigError
from vedette_shared.labels import is_legacy_label_name, is_legacy_metric_name

MAX_EXPONENT = 30
"""Of ten: what a device tells may be anything, and beyond this a value would mean nothing."""

BUILT_IN = Path(__file__).parent / "modules"


class Oid:
    """An object identifier; ``encoded`` as ``ber`` has it."""

    __slots__ = ("encoded",)

    def __init__(self, encoded: bytes) -> None:
        self.encoded = encoded

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Oid) and self.encoded == other.encoded

    def __hash__(self) -> int:
        return hash(self.encoded)

    def __repr__(self) -> str:
        return f"Oid({self})"

    def __str__(self) -> str:
        return format_oid(self.encoded)

    @classmethod
    def from_toml(cls, value: object) -> Oid:
        if not isinstance(value, str):
            raise ValueError(f"{value!r} is not an object identifier; write it as a text")
        return cls(parse_oid(value))


class Pattern:
    """A regular expression, which must match a whole text."""

    __slots__ = ("compiled",)

    def __init__(self, pattern: str) -> None:
        self.compiled = re.compile(pattern)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Pattern) and self.compiled.pattern == other.compiled.pattern

    def __hash__(self) -> int:
        return hash(self.compiled.pattern)

    @classmethod
    def from_toml(cls, value: object) -> Pattern:
        try:
            return cls(str(value))
        except re.error as error:
            raise ValueError(f"{value!r} is not a regular expression: {error}") from error


class Extract(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A number out of a text: ``value`` is a template for what ``regex`` matches."""

    regex: Pattern
    value: str = r"\1"
    suffix: str = ""

    def __post_init__(self) -> None:
        try:
            self.regex.compiled.sub(self.value, "")
        except (re.error, IndexError) as error:
            raise ValueError(f"value = {self.value!r} does not go with the regex: {error}") from error


class Power(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A column of the same index that holds an exponent of ten for the value."""

    oid: Oid
    times: int = 1
    values: dict[str, int] = {}

    def __post_init__(self) -> None:
        if self.times not in (-1, 1) or any(abs(exponent) > MAX_EXPONENT for exponent in self.values.values()):
            raise ValueError(f"times must be 1 or -1, and values at most {MAX_EXPONENT}")


class Metric(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One variable or column, and the metric that it becomes."""

    name: str
    oid: Oid
    type: Literal["counter", "gauge", "text", "mac", "ip", "hex", "oid", "enum_info", "enum_states"] = "gauge"
    help: str = ""
    scale: float = 1.0
    offset: float = 0.0
    enum: dict[str, str] = {}
    extract: tuple[Extract, ...] = ()
    power: tuple[Power, ...] = ()

    def __post_init__(self) -> None:
        if not is_legacy_metric_name(self.name):
            raise ValueError(f"name = {self.name!r} is not a metric name; letters, digits, _ and : make one")
        if self.type in ("enum_info", "enum_states") and not self.enum:
            raise ValueError(f"{self.name}: the type {self.type} needs the table enum")
        if self.extract and self.type != "text":
            raise ValueError(f'{self.name}: extract goes with type = "text"')


class Index(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One part of a table's index, and the label that it becomes.

    ``size`` is that of a text of fixed length; ``enum`` has texts for numbers.
    """

    label: str
    type: Literal["integer", "text", "mac", "ip", "oid"] = "integer"
    size: int = 0
    implied: bool = False
    enum: dict[str, str] = {}

    def __post_init__(self) -> None:
        _check_label(self.label)
        if self.enum and self.type != "integer":
            raise ValueError(f'{self.label}: enum goes with type = "integer"')


class Lookup(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A label out of another column, at the index that the labels ``by`` make; all of the index without them."""

    label: str
    oid: Oid
    by: tuple[str, ...] = ()
    type: Literal["integer", "text", "mac", "ip", "hex", "oid"] = "text"
    enum: dict[str, str] = {}

    def __post_init__(self) -> None:
        _check_label(self.label)


class Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``[[walk]]``: columns that share an index."""

    index: tuple[Index, ...]
    metrics: tuple[Metric, ...]
    lookups: tuple[Lookup, ...] = ()
    drop: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        names = [part.label for part in self.index]
        for wanted in [name for lookup in self.lookups for name in lookup.by] + list(self.drop):
            if wanted not in names:
                raise ValueError(f"there is no index with the label {wanted!r}; there are {', '.join(names)}")

    @property
    def columns(self) -> list[bytes]:
        """Every column that is needed, once."""
        powers = [power.oid for metric in self.metrics for power in metric.power]
        wanted = [lookup.oid for lookup in self.lookups] + powers + [metric.oid for metric in self.metrics]
        return list(dict.fromkeys(oid.encoded for oid in wanted))


class Module(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A file: single variables to get, and tables to walk."""

    get: tuple[Metric, ...] = ()
    walk: tuple[Table, ...] = ()


def load_modules(names: tuple[str, ...], folder: Path) -> dict[str, Module]:
    """Return the modules ``names``: those of ``folder`` go before Vedette's own.

    Raises:
        ConfigError: there is no such module, or its file is not sound.
    """
    return {name: _load(name, folder) for name in names}


def _load(name: str, folder: Path) -> Module:
    for path in (folder / f"{name}.toml", BUILT_IN / f"{name}.toml"):
        if path.exists():
            return load_config(Module, path)
    known = sorted({path.stem for place in (folder, BUILT_IN) for path in place.glob("*.toml")})
    raise ConfigError(
        f"there is no SNMP module {name!r}; there are {', '.join(known)}, and more can be put into {folder}"
    )


def _check_label(label: str) -> None:
    if not is_legacy_label_name(label) or label.startswith("__"):
        raise ValueError(f"label = {label!r} is not a label name; letters, digits and _ make one")
