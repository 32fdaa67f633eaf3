"""Collectors that people drop into a folder: each with its success, loaded anew when changed, none harms another."""

import os
import threading
from pathlib import Path

import pytest

from vedette_agent.errors import CollectorError
from vedette_agent.sources.custom.source import CustomSource

FAMILY = """
class Family:
    name, documentation, type, unit = "custom_{name}", "Help.", "gauge", ""
    class Sample:
        name, labels, value = "custom_{name}", {{}}, {value}
    samples = [Sample]
"""


def source(folder: Path, timeout: float = 5.0) -> CustomSource:
    return CustomSource(folder, entry_points=True, interval_ms=1000, timeout=10, collector_timeout=timeout)


def write(folder: Path, name: str, body: str, value: int = 1) -> Path:
    path = folder / f"{name}.py"
    path.write_text(FAMILY.format(name=name, value=value) + body)
    return path


async def values(custom: CustomSource) -> dict[str, float]:
    return {
        sample.name if not sample.labels else f"{sample.name} {sample.labels[0][1]}": sample.value
        for family in await custom.collect()
        for sample in family.samples
        if not sample.name.endswith("_seconds")
    }


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "collectors"
    folder.mkdir(mode=0o755)
    return folder


async def test_a_function_and_a_list_of_objects(folder: Path) -> None:
    write(folder, "function", "def collect():\n    yield Family\n")
    write(
        folder,
        "objects",
        "class Collector:\n    def collect(self):\n        return [Family]\nCOLLECTORS = [Collector()]\n",
    )
    custom = source(folder)
    assert await values(custom) == {
        "custom_function": 1.0,
        "custom_objects": 1.0,
        "vedette_agent_collector_success function": 1.0,
        "vedette_agent_collector_success objects": 1.0,
    }
    assert sorted(custom.parts()) == ["function", "objects"]
    custom.close()


async def test_faults_harm_no_other(folder: Path) -> None:
    write(folder, "a_raises", "def collect():\n    raise RuntimeError('a defect')\n")
    write(folder, "b_syntax", "def collect(:\n")
    write(folder, "c_nothing", "")
    write(folder, "d_exits", "import sys\ndef collect():\n    sys.exit(1)\n")
    write(folder, "e_hangs", "import time\ndef collect():\n    time.sleep(20)\n")
    write(folder, "f_works", "def collect():\n    yield Family\n")
    custom = source(folder, timeout=1.0)
    for _ in range(2):
        assert await values(custom) == {
            "custom_f_works": 1.0,
            "vedette_agent_collector_success a_raises": 0.0,
            "vedette_agent_collector_success b_syntax": 0.0,
            "vedette_agent_collector_success c_nothing": 0.0,
            "vedette_agent_collector_success d_exits": 0.0,
            "vedette_agent_collector_success e_hangs": 0.0,
            "vedette_agent_collector_success f_works": 1.0,
        }
    hung = [thread for thread in threading.enumerate() if thread.name == "custom"]
    assert len(hung) == 2
    assert custom.problems().keys() == {"a_raises", "b_syntax", "c_nothing", "d_exits", "e_hangs"}
    custom.close()


async def test_a_changed_file_is_loaded_anew(folder: Path) -> None:
    path = write(folder, "x", "def collect():\n    yield Family\n")
    custom = source(folder)
    assert (await values(custom))["custom_x"] == 1.0
    write(folder, "x", "def collect():\n    yield Family\n", value=2)
    os.utime(path, ns=(1, 1))
    assert (await values(custom))["custom_x"] == 2.0
    path.unlink()
    assert await values(custom) == {}
    custom.close()


async def test_a_file_that_others_can_write_is_not_run(folder: Path) -> None:
    write(folder, "open", "def collect():\n    yield Family\n").chmod(0o666)
    custom = source(folder)
    assert await values(custom) == {"vedette_agent_collector_success open": 0.0}
    custom.close()
    folder.chmod(0o777)  # noqa: ASYNC240
    with pytest.raises(CollectorError, match="can be written by others"):
        await custom.collect()


async def test_no_folder(tmp_path: Path) -> None:
    with pytest.raises(CollectorError, match=r"none: No such file or directory$"):
        await source(tmp_path / "none").collect()
