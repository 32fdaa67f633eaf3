"""Names of traps and of what goes with them, and how much they matter, in TOML files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from vedette_agent.snmp.ber import decode_arcs, format_oid
from vedette_agent.snmp.declarations import Oid
from vedette_agent.snmp.traps.config import SeverityName, TrapsConfig
from vedette_shared.config import load_config
from vedette_shared.errors import ConfigError
from vedette_shared.labels import is_legacy_label_name

BUILT_IN = Path(__file__).parent / "definitions"

_RESERVED = ("trap", "oid", "address", "user")
_SHORTEST = 3


class TrapDefinition(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``[[trap]]``: one trap."""

    oid: Oid
    name: str
    severity: SeverityName = "info"

    def __post_init__(self) -> None:
        if not self.name.isprintable() or not self.name or self.name[0].isdigit():
            raise ValueError(f"name = {self.name!r} must be a word that does not begin with a digit")


class VariableDefinition(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``[[variable]]``: what goes with a trap, whatever instance it is of; it becomes a label."""

    oid: Oid
    name: str
    type: str = "text"
    enum: dict[str, str] = {}

    def __post_init__(self) -> None:
        if not is_legacy_label_name(self.name) or self.name in _RESERVED or self.name.startswith("__"):
            raise ValueError(f"name = {self.name!r} cannot be a label; letters, digits and _ make one")
        if self.type not in ("text", "mac", "ip", "hex", "oid"):
            raise ValueError('type must be "text", "mac", "ip", "hex" or "oid"')


class TrapTable(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A file."""

    trap: tuple[TrapDefinition, ...] = ()
    variable: tuple[VariableDefinition, ...] = ()


@dataclass(frozen=True, slots=True)
class Definitions:
    """All that is known of traps.

    Attributes:
        traps: By identifier, encoded.
        variables: Likewise.
        severities: By name or identifier in numbers; goes before that of a trap.
        severity: Of those that are known nowhere.
    """

    traps: Mapping[bytes, TrapDefinition] = field(default_factory=dict)
    variables: Mapping[bytes, VariableDefinition] = field(default_factory=dict)
    severities: Mapping[str, SeverityName] = field(default_factory=dict)
    severity: SeverityName = "info"

    def name_of(self, oid: bytes) -> tuple[str, SeverityName]:
        """Return the name of a trap, its number where it has none, and how much it matters."""
        known = self.traps.get(oid) or self.traps.get(_without_zero(oid))
        name, severity = (known.name, known.severity) if known is not None else (format_oid(oid), self.severity)
        by_name = self.severities.get(name)
        return name, by_name or self.severities.get(format_oid(oid), severity)

    def variable(self, oid: bytes) -> VariableDefinition | None:
        """Return the definition of a variable by the identifier of an instance."""
        for size in range(len(oid), _SHORTEST, -1):
            known = self.variables.get(oid[:size])
            if known is not None:
                return known
        return None


def load_definitions(config: TrapsConfig) -> Definitions:
    """Return Vedette's own definitions, with those of the configured folder laid over them.

    Raises:
        ConfigError: a file is not sound, or a severity is set for a name that no trap has.
    """
    traps: dict[bytes, TrapDefinition] = {}
    variables: dict[bytes, VariableDefinition] = {}
    for folder in (BUILT_IN, config.definitions):
        for path in sorted(folder.glob("*.toml")):
            table = load_config(TrapTable, path)
            traps |= {trap.oid.encoded: trap for trap in table.trap}
            variables |= {variable.oid.encoded: variable for variable in table.variable}
    known = {trap.name for trap in traps.values()}
    for name in config.severities:
        if name not in known and not name[:1].isdigit():
            raise ConfigError(
                f"snmp_traps.severities.{name}: no trap has that name; write its number in quotes, or define it in"
                f" {config.definitions}"
            )
    return Definitions(traps, variables, config.severities, config.severity)


def _without_zero(oid: bytes) -> bytes:
    """The identifier without the 0 before its end, which one translated from version 1 has though it never had one."""
    arcs = decode_arcs(oid)
    if len(arcs) < 2 or arcs[-2]:
        return oid
    last = 1
    while last < len(oid) and oid[-last - 1] & 0x80:
        last += 1
    return oid[: -last - 1] + oid[-last:]
