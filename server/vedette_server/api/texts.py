"""Texts as JSON. A text of PromQL may hold bytes that are no UTF-8, as lone surrogates."""

from __future__ import annotations

import msgspec


def encode_text(text: str) -> bytes:
    """Return ``text`` in quotes as JSON."""
    try:
        return msgspec.json.encode(text)
    except UnicodeEncodeError:
        return msgspec.json.encode(valid_text(text))


def valid_text(text: str) -> str:
    """Return ``text`` with U+FFFD in place of bytes that are no UTF-8, as Go's JSON has them."""
    return text.encode(errors="surrogateescape").decode(errors="replace")
