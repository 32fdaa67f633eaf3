"""What can go wrong in the lab."""

from __future__ import annotations


class LabError(Exception):
    """The lab could not do what it was told; the text says what failed and where to look."""
