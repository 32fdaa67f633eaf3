"""Files that others leave, and mounts that hang."""

from __future__ import annotations

import ctypes
import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from vedette_agent.collectors.filesystem import FilesystemCollector
from vedette_agent.collectors.interface import Roots
from vedette_agent.collectors.options import NodeOptions
from vedette_agent.collectors.statvfs import StatvfsWatch
from vedette_agent.collectors.textfile import TextfileCollector
from vedette_shared.config import merge_config
from vedette_shared.metrics import MetricFamily, MetricType, Sample


def collect_textfiles(*folders: Path) -> dict[str, MetricFamily]:
    options = merge_config(NodeOptions, [("", {"textfile": {"directories": [str(folder) for folder in folders]}})])
    return {family.name: family for family in TextfileCollector(options).collect()}


def error_of(families: dict[str, MetricFamily]) -> float:
    (sample,) = families["node_textfile_scrape_error"].samples
    return sample.value


def test_files_are_merged(tmp_path: Path) -> None:
    (tmp_path / "a.prom").write_text('# TYPE events_total counter\nevents_total{file="a"} 10\n')
    (tmp_path / "b.prom").write_text('# TYPE events_total counter\nevents_total{file="b"} 30\n')
    (tmp_path / "c.txt").write_text("not looked at\n")
    families = collect_textfiles(tmp_path)
    assert families["events_total"] == MetricFamily(
        "events_total",
        MetricType.COUNTER,
        f"Metric read from {tmp_path}/a.prom, {tmp_path}/b.prom",
        samples=[Sample("events_total", (("file", "a"),), 10), Sample("events_total", (("file", "b"),), 30)],
    )
    assert [dict(sample.labels)["file"] for sample in families["node_textfile_mtime_seconds"].samples] == [
        f"{tmp_path}/a.prom",
        f"{tmp_path}/b.prom",
    ]
    assert error_of(families) == 0


def test_files_that_disagree_about_help_keep_the_first(tmp_path: Path) -> None:
    (tmp_path / "a.prom").write_text('# HELP events A.\nevents{file="a"} 10\n')
    (tmp_path / "b.prom").write_text('# HELP events B.\nevents{file="b"} 30\n')
    families = collect_textfiles(tmp_path)
    assert families["events"].samples == [Sample("events", (("file", "a"),), 10)]
    assert error_of(families) == 1


@pytest.mark.parametrize("content", ["broken{ 1\n", "stamped 1 1441205977284\n"])
def test_a_bad_file_harms_no_other(tmp_path: Path, content: str) -> None:
    (tmp_path / "bad.prom").write_text(content)
    (tmp_path / "good.prom").write_text("good 1\n")
    families = collect_textfiles(tmp_path)
    assert set(families) == {"good", "node_textfile_mtime_seconds", "node_textfile_scrape_error"}
    assert error_of(families) == 1


def test_a_folder_that_is_not_there_is_an_error_and_none_is_not(tmp_path: Path) -> None:
    assert error_of(collect_textfiles(tmp_path / "nowhere")) == 1
    assert error_of(collect_textfiles()) == 0


def test_a_file_that_changes_is_read_again(tmp_path: Path) -> None:
    options = merge_config(NodeOptions, [("", {"textfile": {"directories": [str(tmp_path)]}})])
    collector = TextfileCollector(options)
    file = tmp_path / "a.prom"
    for value in (1, 22):
        file.write_text(f"metric {value}\n")
        families = {family.name: family for family in collector.collect()}
        assert families["metric"].samples == [Sample("metric", (), value)]
    file.unlink()
    assert "metric" not in {family.name for family in collector.collect()}


def test_a_mount_that_hangs_is_marked_and_the_others_are_told(tmp_path: Path) -> None:
    (tmp_path / "self").mkdir()
    (tmp_path / "self/mountinfo").write_text(
        "30 1 0:9 / /mnt/dead ro - nfs4 srv:/dead rw,addr=10.0.0.1\n"
        "31 1 8:1 / / rw - ext4 /dev/sda1 rw\n"
        "32 1 8:1 / / rw - ext4 /dev/sda1 rw\n"
        "33 1 0:5 / /proc rw - proc proc rw\n"
    )
    release = threading.Event()
    root = os.statvfs("/")

    def statvfs(path: str) -> os.statvfs_result:
        if path == "/mnt/dead":
            release.wait()
        return root

    options = NodeOptions(roots=Roots(proc=tmp_path))
    collector = FilesystemCollector(options, StatvfsWatch(0.2, 2, statvfs))
    families = {family.name: family for family in collector.collect()}
    release.set()
    here = (("device", "/dev/sda1"), ("fstype", "ext4"), ("mountpoint", "/"))
    dead = (
        ("device", "srv:/dead"),
        ("device_error", "mountpoint timeout"),
        ("fstype", "nfs4"),
        ("mountpoint", "/mnt/dead"),
    )
    assert {name: [(s.labels, s.value) for s in family.samples] for name, family in families.items()} == {
        "node_filesystem_device_error": [(here, 0), (dead, 1)],
        "node_filesystem_readonly": [(here, 0), (dead, 1)],
        "node_filesystem_size_bytes": [(here, root.f_blocks * root.f_frsize)],
        "node_filesystem_free_bytes": [(here, root.f_bfree * root.f_frsize)],
        "node_filesystem_avail_bytes": [(here, root.f_bavail * root.f_frsize)],
        "node_filesystem_files": [(here, root.f_files)],
        "node_filesystem_files_free": [(here, root.f_ffree)],
        "node_filesystem_mount_info": [
            ((("device", "/dev/sda1"), ("major", "8"), ("minor", "1"), ("mountpoint", "/")), 1)
        ],
    }


def test_a_container_sees_the_host_below_a_folder(tmp_path: Path) -> None:
    (tmp_path / "1").mkdir()
    (tmp_path / "1/mountinfo").write_text(
        "31 1 8:1 / /host rw - ext4 /dev/sda1 rw\n32 1 8:2 / /host/data\\040x rw - ext4 /dev/sda2 rw\n"
    )
    asked: list[str] = []

    def statvfs(path: str) -> os.statvfs_result:
        asked.append(path)
        return os.statvfs("/")

    options = NodeOptions(roots=Roots(proc=tmp_path, rootfs=Path("/host")))
    (errors, *_) = FilesystemCollector(options, StatvfsWatch(1.0, 1, statvfs)).collect()
    assert [dict(sample.labels)["mountpoint"] for sample in errors.samples] == ["/", "/data x"]
    assert asked == ["/host/", "/host/data x"]


class DeadMount:
    """A file system in user space whose daemon never answers, beside a healthy one."""

    def __init__(self, folder: Path) -> None:
        self.dead, self.healthy = folder / "dead", folder / "healthy"
        self._libc = ctypes.CDLL(None, use_errno=True)
        self.dead.mkdir()
        self.healthy.mkdir()
        self._daemon = os.open("/dev/fuse", os.O_RDWR)
        try:
            self._mount(self.dead, "fuse.dead", f"fd={self._daemon},rootmode=40000,user_id=0,group_id=0")
            self._mount(self.healthy, "tmpfs", "size=64k")
        except OSError:
            self.close()
            raise

    def _mount(self, folder: Path, kind: str, options: str) -> None:
        if self._libc.mount(b"vedette", str(folder).encode(), kind.encode(), 0, options.encode()):
            code = ctypes.get_errno()
            raise OSError(code, os.strerror(code))

    def kill(self) -> None:
        """End the daemon, so that the kernel answers in its stead."""
        daemon, self._daemon = self._daemon, -1
        if daemon >= 0:
            os.close(daemon)

    def close(self) -> None:
        self.kill()
        for folder in (self.dead, self.healthy):
            self._libc.umount2(str(folder).encode(), 2)


@pytest.fixture
def mounts(tmp_path: Path) -> Iterator[DeadMount]:
    try:
        mounts = DeadMount(tmp_path)
    except OSError as error:
        pytest.skip(f"no file system that hangs can be mounted here: {error}")
    yield mounts
    mounts.close()


def test_a_real_mount_that_hangs(mounts: DeadMount) -> None:
    tables = {"mount_points_include": f"^{mounts.dead.parent}/", "mount_timeout": "200ms"}
    collector = FilesystemCollector(merge_config(NodeOptions, [("", {"filesystem": tables})]))

    def errors() -> dict[str, str]:
        families = {family.name: family for family in collector.collect()}
        labels = [dict(sample.labels) for sample in families["node_filesystem_device_error"].samples]
        assert [sample.value for sample in families["node_filesystem_size_bytes"].samples] == [65536]
        return {Path(each["mountpoint"]).name: each.get("device_error", "") for each in labels}

    for _ in range(3):
        assert errors() == {"healthy": "", "dead": "mountpoint timeout"}
    mounts.kill()
    # The call that hung returns a little later, and the mount is asked again in the collection after that.
    seen = {errors()["dead"] for _ in range(1_000)}
    assert "transport endpoint is not connected" in seen
