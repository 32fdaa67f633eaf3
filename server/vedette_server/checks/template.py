"""Templates such as ``Filesystem {mountpoint}``: names in braces, nothing else."""

from __future__ import annotations

import re
from collections.abc import Mapping

from vedette_server.checks.errors import TemplateError

_PLACE = re.compile(r"\{([a-zA-Z_][a-zA-Z0-9_]*)\}")


class Template:
    """A compiled template."""

    __slots__ = ("_parts", "names")

    def __init__(self, text: str) -> None:
        """Compile a text.

        Raises:
            TemplateError: a brace does not enclose a name.
        """
        self._parts = _PLACE.split(text)
        if any(brace in literal for literal in self._parts[::2] for brace in "{}"):
            raise TemplateError(f"{text!r}: braces hold the name of a label, like {{mountpoint}}")
        self.names = tuple(dict.fromkeys(self._parts[1::2]))
        """The names in braces, each once, in order."""

    def render(self, values: Mapping[str, str]) -> str:
        """Return the text with every name replaced by its value, and by nothing where it has none."""
        return "".join(values.get(part, "") if i % 2 else part for i, part in enumerate(self._parts))
