"""Whole pages of the text format, as published exporters make them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from vedette_shared.errors import ExpositionError
from vedette_shared.exposition import parse_text, write_text

_SHARED = Path(os.environ.get("VEDETTE_SHARED", Path(__file__).parents[4] / "shared"))
_PAGES = _SHARED / "conformance"

pytestmark = pytest.mark.skipif(not _PAGES.is_dir(), reason=f"the conformance data is not at {_PAGES}")


@pytest.mark.parametrize(
    "name",
    [
        "exposition/textparse/alltypes.237mfs.prom.txt",
        "exposition/textparse/alltypes.237mfs.nometa.prom.txt",
        "exposition/expfmt/text",
        "node_exporter/fixtures/e2e-output.txt",
    ],
)
def test_a_page_is_read_whole_and_written_back(name: str) -> None:
    page = (_PAGES / name).read_bytes()
    lines = page.decode().split("\n")[:-1]
    families = parse_text(page)
    assert sum(len(family.samples) for family in families) == sum(not line.startswith("#") for line in lines)
    assert repr(parse_text(write_text(families))) == repr(families)


def test_values_and_heads_are_written_as_node_exporter_writes_them() -> None:
    """Line by line; only labels without a value differ, which are as good as absent."""
    page = (_PAGES / "node_exporter/fixtures/e2e-output.txt").read_bytes()
    written = write_text(parse_text(page)).decode().split("\n")[:-1]
    lines = page.decode().split("\n")[:-1]
    assert [line for line in written if '=""' not in line] == [
        mine if '=""' in line else line for line, mine in zip(lines, written, strict=True)
    ]


@pytest.mark.parametrize("name", ["json2", "json2_bad", "protobuf", "protobuf.gz", "text.gz"])
def test_other_formats_are_refused(name: str) -> None:
    with pytest.raises(ExpositionError):
        parse_text((_PAGES / "exposition/expfmt" / name).read_bytes())
