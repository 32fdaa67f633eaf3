"""What can go wrong with checks; a wrong declaration is a ``vedette_shared.errors.ConfigError``."""

from __future__ import annotations

from vedette_shared.errors import VedetteError


class TemplateError(VedetteError, ValueError):
    """A template's braces do not pair up, or hold no name."""
