"""Names of labels in paths."""

from __future__ import annotations

import re

_ESCAPED = "U__"
_ESCAPES = re.compile(r"__|_([0-9a-fA-F]{1,6})_")
_LONE = re.compile(r"_(?!_|[0-9a-fA-F]{1,6}_)")


def unescape_name(name: str) -> str:
    """Return what ``name`` stands for, where it is escaped to pass through what takes no UTF-8: ``U__http_2e_method``.

    The scheme is Prometheus' ``values`` escaping: after ``U__``, two underscores are one, and ``_HEX_`` is a character.
    What does not follow it stands for itself.
    """
    if not name.startswith(_ESCAPED):
        return name
    rest = name.removeprefix(_ESCAPED)
    if _LONE.search(_ESCAPES.sub("", rest)):
        return name
    try:
        return _ESCAPES.sub(lambda found: chr(int(found[1], 16)) if found[1] else "_", rest)
    except (ValueError, OverflowError):
        return name


def is_label_name(name: str) -> bool:
    """Whether ``name`` can be a label's: any UTF-8 text but the empty one."""
    return bool(name) and "\ufffd" not in name
