"""JSON of other programs: read with doubt, as their version and the hardware decide what is in it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

Document: TypeAlias = dict[str, Any]


def at(document: Document, *path: str) -> object:
    """Return what is at ``path``; ``None`` where nothing is."""
    here: object = document
    for step in path:
        if not isinstance(here, dict):
            return None
        here = here.get(step)
    return here


def number(document: Document, *path: str) -> float | None:
    """Return the number at ``path``: one in quotes, a truth, the value of an object count as well."""
    value = at(document, *path)
    if isinstance(value, dict):
        value = value.get("value")
    if isinstance(value, int | float):
        return float(value)
    if isinstance(value, str):
        try:
            return float(value)
        except ValueError:
            return None
    return None


def text(document: Document, *path: str) -> str:
    """Return the text at ``path``, trimmed; empty where there is none."""
    value = at(document, *path)
    return value.strip() if isinstance(value, str) else ""


def table(document: Document, *path: str) -> Sequence[Document]:
    """Return the rows of the table at ``path``."""
    value = at(document, *path)
    return [row for row in value if isinstance(row, dict)] if isinstance(value, list) else []


def fields(document: Document, *path: str) -> list[tuple[str, Document]]:
    """Return the objects by name in the object at ``path``."""
    value = at(document, *path)
    return (
        [(name, inner) for name, inner in value.items() if isinstance(inner, dict)] if isinstance(value, dict) else []
    )
