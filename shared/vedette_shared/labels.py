"""Label sets: immutable tuples of (name, value) pairs, sorted by name, without empty values.

A plain tuple hashes and compares at C speed, which matters on every sample's road; this module
holds what one does with it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import TypeAlias

from vedette_shared.errors import LabelError

Labels: TypeAlias = tuple[tuple[str, str], ...]

METRIC_NAME = "__name__"
"""The label that holds a series' metric name."""

EMPTY: Labels = ()

_LEGACY_METRIC_NAME = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")
_LEGACY_LABEL_NAME = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
_ESCAPES = str.maketrans({"\\": r"\\", '"': r"\"", "\n": r"\n"})


def make_labels(pairs: Mapping[str, str] | Iterable[tuple[str, str]] = (), /, **more: str) -> Labels:
    """Return the label set of ``pairs`` and ``more``, sorted; a pair with an empty value is as good as absent.

    Raises:
        LabelError: a name stands twice or is empty.
    """
    items = [*(pairs.items() if isinstance(pairs, Mapping) else pairs), *more.items()]
    labels = tuple(sorted((name, value) for name, value in items if value))
    if len({name for name, _ in labels}) != len(labels) or any(not name for name, _ in labels):
        raise LabelError(f"label names must be unique and not empty in {items!r}")
    return labels


def with_labels(labels: Labels, **changes: str) -> Labels:
    """Return ``labels`` with ``changes`` laid over them; an empty value removes the label."""
    return make_labels({**dict(labels), **changes})


def flatten(labels: Labels) -> list[str]:
    """Return ``[name, value, name, value, ...]``, as the binary formats hold a label set."""
    return [text for pair in labels for text in pair]


def unflatten(flat: Sequence[str]) -> Labels:
    """The inverse of ``flatten``.

    Raises:
        LabelError: a name has no value, or the names are not sorted and distinct.
    """
    if len(flat) % 2:
        raise LabelError("a label without a value")
    names = flat[::2]
    if any(left >= right for left, right in pairwise(names)):
        raise LabelError("labels are not sorted and distinct")
    return tuple(zip(names, flat[1::2], strict=True))


def is_legacy_metric_name(name: str) -> bool:
    """Whether ``name`` needs no quotes as a metric name."""
    return _LEGACY_METRIC_NAME.fullmatch(name) is not None


def is_legacy_label_name(name: str) -> bool:
    """Whether ``name`` needs no quotes as a label name."""
    return _LEGACY_LABEL_NAME.fullmatch(name) is not None


def quote(text: str) -> str:
    """Return ``text`` in double quotes with backslash, quote and line feed escaped, as the text format has it."""
    return f'"{text.translate(_ESCAPES)}"'


def format_series(labels: Labels) -> str:
    """Return a series as people write it: ``up{host="a"}``; a name that needs quotes moves into the braces."""
    name = ""
    parts: list[str] = []
    for key, value in labels:
        if key == METRIC_NAME:
            if is_legacy_metric_name(value):
                name = value
            else:
                parts.insert(0, quote(value))
        else:
            parts.append(f"{key if is_legacy_label_name(key) else quote(key)}={quote(value)}")
    if not parts:
        return name or "{}"
    return f"{name}{{{', '.join(parts)}}}"
