"""Declarations of checks: the shipped ones, with those of the configuration laid over them."""

from __future__ import annotations

import importlib.resources
from collections.abc import Callable, Sequence
from typing import Any, cast

import msgspec

from vedette_server.checks.config import Check, ChecksConfig, HostsConfig
from vedette_server.promql.nodes import Expr
from vedette_shared.config import merge_config, read_toml
from vedette_shared.errors import ConfigError, VedetteError

Document = tuple[str, dict[str, Any]]
"""A file's name and its content."""

Parse = Callable[[str], Expr]
"""Parses PromQL; raises a ``VedetteError`` where it cannot."""

SHIPPED = "the shipped checks"


def load_checks(documents: Sequence[Document], parse: Parse) -> ChecksConfig:
    """Return the checks that ``documents`` declare over the shipped ones, in the order in which they first appear.

    Args:
        documents: The files that may hold ``[[check]]`` and ``[hosts]``, and nothing else, in order.
        parse: Checks the queries.

    Raises:
        ConfigError: a declaration is wrong; names the file and the key.
    """
    by_name = [_by_name(name, document) for name, document in (shipped_checks(), *documents)]
    names = {check: None for _, document in by_name for check in document["check"]}
    catalogue = msgspec.defstruct("Catalogue", [(name, Check) for name in names], frozen=True)
    kind = msgspec.defstruct(
        "Checks",
        [("check", catalogue), ("hosts", HostsConfig, HostsConfig())],
        frozen=True,
        forbid_unknown_fields=True,
    )
    merged = cast("Any", merge_config(kind, by_name))
    checks: list[Check] = [getattr(merged.check, name) for name in names]
    for check in checks:
        _parse(parse, check.query, "check", f"{check.name}.query", by_name)
        if check.graph:
            _parse(parse, check.graph, "check", f"{check.name}.graph", by_name)
    _parse(parse, merged.hosts.seen, "hosts", "seen", by_name)
    return ChecksConfig(tuple(check for check in checks if check.enabled), merged.hosts)


def shipped_checks() -> Document:
    """Return the declarations that come with the package."""
    with importlib.resources.as_file(importlib.resources.files(__package__) / "defaults.toml") as path:
        return SHIPPED, read_toml(path)


def _by_name(file: str, document: dict[str, Any]) -> Document:
    """Turn the array of checks into a table by name, so that files merge check by check and key by key."""
    entries = document.get("check", [])
    if not isinstance(entries, list):
        raise ConfigError(f"{file}: check: write each check as [[check]], with a name")
    table: dict[str, dict[str, Any]] = {}
    for index, entry in enumerate(entries):
        name = entry.get("name") if isinstance(entry, dict) else None
        if not isinstance(name, str) or not name.isidentifier():
            raise ConfigError(f'{file}: check[{index}].name: this key is required, a word like "disk_io"')
        present = table.setdefault(name, {})
        overrides = [*present.get("override", []), *entry.get("override", [])]
        present.update(entry, **({"override": overrides} if overrides else {}))
    return file, {**document, "check": table}


def _parse(parse: Parse, query: str, section: str, path: str, documents: Sequence[Document]) -> None:
    try:
        parse(query)
    except VedetteError as error:
        file = next(
            (file for file, document in reversed(documents) if _holds(document, section, path)), "configuration"
        )
        raise ConfigError(f"{file}: {section}.{path}: {error}") from error


def _holds(document: dict[str, Any], section: str, path: str) -> bool:
    found: Any = document.get(section, {})
    for key in path.split("."):
        if not isinstance(found, dict) or key not in found:
            return False
        found = found[key]
    return True
