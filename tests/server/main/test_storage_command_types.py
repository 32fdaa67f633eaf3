"""Types, help texts and units through ``vedette storage import`` and ``export``: the same page comes out again."""

from __future__ import annotations

from pathlib import Path

import pytest
import trio

from tests.server.main.test_storage_command_text import export, import_page
from tests.server.storage.support import NOW, cut, run_store
from vedette_server.main.storage_command.errors import ImportFailedError
from vedette_server.main.storage_command.frozen import open_frozen
from vedette_server.storage import StorageOptions
from vedette_shared.clock import ManualClock
from vedette_shared.command import main
from vedette_shared.exposition import parse_openmetrics
from vedette_shared.frames import Metadata
from vedette_shared.metrics import MetricType

TYPED = """\
# HELP boots Starts of the machine.
# TYPE boots counter
boots_total{host="a"} 3 1700000000
boots_total{host="a"} 4 1700000015
boots_total{host="b"} 1 1700000000
boots_created{host="b"} 1.6e+09 1700000000
# TYPE build info
build_info{host="a",version="1"} 1 1700000000
# HELP "disk.temperature_celsius" Of \\"disks\\", a\\\\b\\nsecond line.
# TYPE "disk.temperature_celsius" gauge
# UNIT "disk.temperature_celsius" celsius
{"disk.temperature_celsius",host="a"} 40.5 1700000000
# TYPE late histogram
late_bucket{host="a",le="0.5"} 1 1700000000
late_bucket{host="a",le="2"} 3 1700000000
late_bucket{host="a",le="10"} 3 1700000000
late_bucket{host="a",le="+Inf"} 4 1700000000
late_sum{host="a"} 9.5 1700000000
late_count{host="a"} 4 1700000000
late_bucket{host="a",le="0.5"} 1 1700000015
late_bucket{host="a",le="2"} 3 1700000015
late_bucket{host="a",le="10"} 4 1700000015
late_bucket{host="a",le="+Inf"} 5 1700000015
late_sum{host="a"} 20 1700000015
late_count{host="a"} 5 1700000015
late_bucket{host="b",le="0.5"} 0 1700000000
late_bucket{host="b",le="+Inf"} 0 1700000000
plain{host="a"} 1 1700000000
# TYPE queue gaugehistogram
queue_bucket{le="1"} 1 1700000000
queue_bucket{le="+Inf"} 1 1700000000
queue_gsum 1 1700000000
queue_gcount 1 1700000000
# TYPE raid stateset
raid{raid="clean",x="1"} 1 1700000000
raid{raid="failed",x="1"} 0 1700000000
raid{raid="clean",x="2"} 0 1700000000
raid{raid="failed",x="2"} 1 1700000000
# HELP some Only a help.
# TYPE some unknown
some 1 1700000000
# TYPE wait_seconds summary
# UNIT wait_seconds seconds
wait_seconds{host="a",quantile="0.5"} 1 1700000000
wait_seconds{host="a",quantile="0.99"} 2 1700000000
wait_seconds_sum{host="a"} 20 1700000000
wait_seconds_count{host="a"} 10 1700000000
wait_seconds{host="a",quantile="0.5"} 1.5 1700000015
wait_seconds{host="a",quantile="0.99"} 2 1700000015
wait_seconds_sum{host="a"} 22 1700000015
wait_seconds_count{host="a"} 11 1700000015
# EOF
"""
"""All types, by all rules of OpenMetrics: the points of a histogram and of a summary stand together."""


def test_types_helps_and_units_are_kept(tmp_path: Path) -> None:
    """What was imported is exported as the same page, however the store is moved about in between."""
    parse_openmetrics(TYPED.encode())
    import_page(tmp_path / "old" / "storage", TYPED)
    assert export(tmp_path / "old" / "storage") == TYPED
    assert main(["storage", "backup", str(tmp_path / "backup"), "--data", str(tmp_path / "old")]) == 0
    assert main(["storage", "restore", str(tmp_path / "backup"), "--data", str(tmp_path / "new")]) == 0
    trio.run(cut_and_prune, tmp_path / "new" / "storage")
    assert export(tmp_path / "new" / "storage") == TYPED
    import_page(tmp_path / "third", export(tmp_path / "new" / "storage"))
    assert export(tmp_path / "third") == TYPED


async def cut_and_prune(folder: Path) -> None:
    """Let all samples become a block, and what nothing bears be forgotten; then see what the server would tell."""
    clock = ManualClock(NOW)
    async with run_store(folder, clock, StorageOptions(commit_delay_ms=0, retention_ms=0)) as store:
        for _ in range(3):
            await cut(store, clock)
        assert store.statistics().cuts == 1
        assert store.metadata()["boots_total"] == Metadata("boots_total", MetricType.COUNTER, "Starts of the machine.")
        assert store.metadata()["wait_seconds"] == Metadata("wait_seconds", MetricType.SUMMARY, "", "seconds")


CLASHES = """\
# HELP a_count A gauge that is called as the count of a summary.
# TYPE a_count gauge
a_count 1 1700000000
# TYPE b counter
b_total 1 1700000000
# EOF
"""


def test_families_whose_names_clash(tmp_path: Path) -> None:
    """One of them is shown without what is known of it, so that the page is one that others take."""
    import_page(tmp_path, CLASHES)
    import_page(tmp_path, "# TYPE a summary\na_sum 1 1700000000\na_count 2 1700000001\n# EOF\n")
    import_page(tmp_path, "b 1 1700000000\n# EOF\n")
    page = export(tmp_path)
    parse_openmetrics(page.encode())
    assert page == (
        "# TYPE a summary\na_sum 1 1700000000\na_count 1 1700000000\na_count 2 1700000001\n"
        "b 1 1700000000\nb_total 1 1700000000\n# EOF\n"
    )
    import_page(tmp_path / "new", page)
    assert export(tmp_path / "new") == page


def test_a_page_that_was_imported_in_part(tmp_path: Path) -> None:
    """What it says of the families is kept even so; a family without a sample is not."""
    with pytest.raises(ImportFailedError, match=r"line 6: .* up to 5 are"):
        import_page(tmp_path, TYPED.replace("boots_created", "what is this"))
    with open_frozen(tmp_path) as store:
        assert list(store.index.layouts.metadata()) == ["boots_total"]
