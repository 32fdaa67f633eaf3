"""What can go wrong with the database of states.

StateError              the database cannot be read or written: names the file
└── StateSchemaError    it was written by another version, or is no database of Vedette's
"""

from __future__ import annotations

from vedette_shared.errors import VedetteError


class StateError(VedetteError):
    """The database of states cannot be read or written."""


class StateSchemaError(StateError):
    """The file is not a database of states that this version understands; it was left as it is."""
