"""The host that node_exporter's end-to-end test makes up, and the page it expects of it."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from vedette_shared.exposition import parse_text
from vedette_shared.metrics import MetricFamily

_PROJECT = Path(__file__).parents[3]
_SHARED = Path(os.environ.get("VEDETTE_SHARED", _PROJECT.parent / "shared"))
FIXTURES = _SHARED / "conformance" / "node_exporter" / "fixtures"

_ESCAPED_NULL = re.compile(rb"\\?NULLBYTE")
_ESCAPED_END = re.compile(rb"\\?EOF")


def require_fixtures() -> None:
    """Skip the test where the fixtures are not at hand."""
    if not FIXTURES.is_dir():
        pytest.skip(f"node_exporter's fixtures are not in {FIXTURES}; VEDETTE_SHARED can name another folder")


def unpack(archive: Path, target: Path) -> None:
    """Unpack a ``.ttar`` archive: records of text lines, each with a path, and a mode, a target or a count of lines.

    In a file's lines NULLBYTE stands for a null byte, and EOF at the end of the last one says that no line feed
    follows; a backslash before either makes it mean itself.
    """
    lines = iter(archive.read_bytes().split(b"\n"))
    path = target
    for line in lines:
        key, _, value = line.partition(b": ")
        if key == b"Path":
            path = target / value.decode()
            path.parent.mkdir(parents=True, exist_ok=True)
        elif key == b"Directory":
            (target / value.decode()).mkdir(parents=True, exist_ok=True)
        elif key == b"SymlinkTo":
            path.symlink_to(value.decode())
        elif key == b"Lines":
            path.write_bytes(_content([next(lines) for _ in range(int(value))]))


def _content(lines: list[bytes]) -> bytes:
    content = b"".join(_ESCAPED_NULL.sub(lambda match: _unescape(match[0], b"\0"), line) + b"\n" for line in lines)
    if content.endswith(b"EOF\n") and not content.endswith(b"\\EOF\n"):
        return content[: -len(b"EOF\n")]
    return _ESCAPED_END.sub(lambda match: _unescape(match[0], match[0]), content)


def _unescape(marker: bytes, meaning: bytes) -> bytes:
    return marker[1:] if marker.startswith(b"\\") else meaning


def expected_page() -> list[MetricFamily]:
    """The families of ``e2e-output.txt``."""
    return parse_text((FIXTURES / "e2e-output.txt").read_bytes())
