"""Redfish resources as they come: JSON objects of which nothing can be relied upon. Safe ways to look into them.

Source: DMTF DSP0266 (protocol) and DSP2046 (properties of resources).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from vedette_agent.ipmi.readings import CRITICAL, NOMINAL, WARNING
from vedette_shared.errors import VedetteError

Resource = dict[str, Any]

ID = "@odata.id"
ROOT = "/redfish/v1/"

_HEALTH = {"OK": NOMINAL, "Warning": WARNING, "Critical": CRITICAL}
_NOT_IN_USE = frozenset(("Disabled", "UnavailableOffline", "Deferring", "Quiesced"))


class AnswerError(VedetteError):
    """The BMC answered, but refuses, or what it says makes no sense: other questions may fare better."""


def child(resource: Resource, *names: str) -> Resource:
    """Return the object at ``names``, one below the other; an empty one where there is none."""
    for name in names:
        value = resource.get(name)
        if not isinstance(value, dict):
            return {}
        resource = value
    return resource


def children(resource: Resource, name: str) -> list[Resource]:
    """Return the objects of the list ``name``."""
    values = resource.get(name)
    return [value for value in values if isinstance(value, dict)] if isinstance(values, list) else []


def link(resource: Resource, *names: str) -> str:
    """Return where the link at ``names`` leads; empty where there is none."""
    return text(child(resource, *names), ID)


def text(resource: Resource, *names: str) -> str:
    """Return the first of ``names`` that is a text or a number; empty where none is."""
    for name in names:
        value = resource.get(name)
        if isinstance(value, (str, int, float)) and not isinstance(value, bool) and str(value).strip():
            return str(value).strip()
    return ""


def number(resource: Resource, *names: str) -> float:
    """Return the first of ``names`` that is a number, or a text that spells one; NaN where none is."""
    for name in names:
        value = resource.get(name)
        if isinstance(value, bool) or not isinstance(value, (str, int, float)):
            continue
        try:
            return float(value)
        except (ValueError, OverflowError):
            continue
    return math.nan


def is_there(resource: Resource) -> bool:
    """Whether ``Status`` leaves open that it is present, and either in use or broken."""
    state = text(child(resource, "Status"), "State")
    return state != "Absent" and (state not in _NOT_IN_USE or health(resource) > NOMINAL)


def health(resource: Resource) -> float:
    """Return ``Status.Health`` as a state; NaN where it is not told."""
    return _HEALTH.get(text(child(resource, "Status"), "Health"), math.nan)


def members(collection: Resource) -> Iterator[Resource]:
    """Yield the members of a collection: links, or whole resources where it came expanded."""
    yield from children(collection, "Members")


def is_expanded(member: Resource) -> bool:
    """Whether a member is more than a link."""
    return any(not name.startswith("@") for name in member)


def local_path(url: str) -> str:
    """Return the path of a link or a redirection, which must not lead elsewhere.

    Raises:
        AnswerError: it is none of Redfish's.
    """
    parts = urlsplit(url)
    path = f"{parts.path}?{parts.query}" if parts.query else parts.path
    if not path.startswith("/redfish/") or any(not " " < character < "\x7f" for character in path):
        raise AnswerError(f"the BMC links to {url!r:.80}, which is none of its resources")
    return path
