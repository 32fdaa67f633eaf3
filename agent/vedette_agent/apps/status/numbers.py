"""Numbers of text pages, read strictly: ``float`` alone would take ``nan``, ``1_0`` and digits of any script."""

from __future__ import annotations

import re

from vedette_agent.apps.status.errors import StatusPageError, excerpt

_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?")


def parse_number(text: str, what: str) -> float:
    """Return the number that ``text`` is; ``.25``, ``1e-05`` and ``3.`` are such.

    Raises:
        StatusPageError: it is none; ``what`` says where it stands.
    """
    if not _NUMBER.fullmatch(text):
        raise StatusPageError(f"{what}: {excerpt(text)} is not a number")
    return float(text)
