"""Sizes of mounted file systems: mountinfo and statvfs(3)."""

from __future__ import annotations

import os
import re
from typing import NamedTuple

from vedette_agent.collectors.families import GAUGE, Families, Metric
from vedette_agent.collectors.mounts import Mount, parse_mounts
from vedette_agent.collectors.options import NodeOptions
from vedette_agent.collectors.reading import read_bytes
from vedette_agent.collectors.statvfs import Answer, StatvfsWatch
from vedette_shared.labels import Labels, make_labels
from vedette_shared.metrics import MetricFamily

_SIZE = Metric("node_filesystem_size_bytes", GAUGE, "Filesystem size in bytes.")
_FREE = Metric("node_filesystem_free_bytes", GAUGE, "Filesystem free space in bytes.")
_AVAILABLE = Metric("node_filesystem_avail_bytes", GAUGE, "Filesystem space available to non-root users in bytes.")
_FILES = Metric("node_filesystem_files", GAUGE, "Filesystem total file nodes.")
_FILES_FREE = Metric("node_filesystem_files_free", GAUGE, "Filesystem total free file nodes.")
_READ_ONLY = Metric("node_filesystem_readonly", GAUGE, "Filesystem read-only status.")
_DEVICE_ERROR = Metric(
    "node_filesystem_device_error",
    GAUGE,
    "Whether an error occurred while getting statistics for the given device.",
)
_MOUNT_INFO = Metric("node_filesystem_mount_info", GAUGE, "Filesystem mount information.")

_REMOTE = re.compile(r"nfs|cifs|smb|fuse|ceph|9p|afs|gfs|glusterfs|lustre|autofs|beegfs|gpfs|ocfs2")
"""Kinds of file systems that hang when something far away does, so they are asked last."""


class _Target(NamedTuple):
    """A mount that is watched, with its labels."""

    mount: Mount
    path: str
    labels: Labels
    info_labels: Labels


class FilesystemCollector:
    """Size, free space and files of each mount; a mount that does not answer is marked and harms no other."""

    name = "filesystem"

    def __init__(self, options: NodeOptions, watch: StatvfsWatch | None = None) -> None:
        self._paths = (options.proc("1/mountinfo"), options.proc("self/mountinfo"))
        self._root = options.rootfs("")
        self._mount_points = options.filesystem.filter("mount_points")
        self._fs_types = options.filesystem.filter("fs_types")
        self._watch = watch or StatvfsWatch(options.filesystem.mount_timeout.seconds, options.filesystem.stat_workers)
        self._content = b""
        self._targets: list[_Target] = []

    def collect(self) -> list[MetricFamily]:
        content = self._read_mounts()
        if content != self._content:
            self._targets = self._find_targets(parse_mounts(os.fsdecode(content)))
            self._content = content
        answers = self._watch.ask(target.path for target in self._targets)
        families = Families()
        for target in self._targets:
            _add_target(families, target, answers[target.path])
        return families.all()

    def _read_mounts(self) -> bytes:
        """The first process sees the host's mounts; where /proc hides it, our own must do."""
        first, own = self._paths
        try:
            return read_bytes(first)
        except (FileNotFoundError, PermissionError):
            return read_bytes(own)

    def _find_targets(self, mounts: list[Mount]) -> list[_Target]:
        """Return the mounts that pass the filters, each once, remote ones last."""
        targets: dict[tuple[str, str], _Target] = {}
        for mount in mounts:
            mount_point = self._strip_root(mount.mount_point)
            if not self._mount_points.keeps(mount_point) or not self._fs_types.keeps(mount.fs_type):
                continue
            labels = make_labels(device=_text(mount.device), mountpoint=_text(mount_point), fstype=mount.fs_type)
            info_labels = make_labels(
                device=_text(mount.device), mountpoint=_text(mount_point), major=mount.major, minor=mount.minor
            )
            path = self._root.rstrip("/") + mount_point
            targets.setdefault((mount.device, mount_point), _Target(mount, path, labels, info_labels))
        return sorted(targets.values(), key=lambda target: bool(_REMOTE.match(target.mount.fs_type)))

    def _strip_root(self, mount_point: str) -> str:
        """A container sees the host's mounts below the folder where the host's root is mounted."""
        root = self._root.rstrip("/")
        if root and (mount_point == root or mount_point.startswith(f"{root}/")):
            return mount_point[len(root) :] or "/"
        return mount_point


def _add_target(families: Families, target: _Target, answer: Answer) -> None:
    labels = target.labels
    if isinstance(answer, str):
        labels = make_labels([*labels, ("device_error", answer)])
        families.add(_DEVICE_ERROR, 1.0, labels)
        families.add(_READ_ONLY, float(target.mount.read_only), labels)
        return
    block = answer.f_frsize
    families.add(_DEVICE_ERROR, 0.0, labels)
    families.add(_READ_ONLY, float(target.mount.read_only), labels)
    families.add(_SIZE, float(answer.f_blocks * block), labels)
    families.add(_FREE, float(answer.f_bfree * block), labels)
    families.add(_AVAILABLE, float(answer.f_bavail * block), labels)
    families.add(_FILES, float(answer.f_files), labels)
    families.add(_FILES_FREE, float(answer.f_ffree), labels)
    families.add(_MOUNT_INFO, 1.0, target.info_labels)


def _text(name: str) -> str:
    """Bytes of a path that are not UTF-8 cannot stand in a label."""
    return os.fsencode(name).decode("utf-8", "replace")
