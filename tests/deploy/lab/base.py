"""The tree that every host of the lab boots from, built once and kept in a cache: Debian 12 with systemd, sshd, and
applications that do not run until a test starts them.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.deploy.lab.commands import execute

SUITE = "bookworm"
PACKAGES = (
    "ca-certificates",
    "curl",
    "dbus",
    "iproute2",
    "iputils-ping",
    "kmod",
    "netbase",
    "openssh-server",
    "procps",
    "python3-apt",
    "python3-minimal",
    "python3-venv",
    "systemd",
    "systemd-sysv",
    "udev",
)
APPLICATIONS = (
    "freeipmi-tools",
    "nginx",
    "php8.2-fpm",
    "prometheus-redis-exporter",
    "redis-server",
    "snmp",
)
SERVICES = ("nginx", "php8.2-fpm", "prometheus-redis-exporter", "redis-server")
"""Of the applications: they are started by the tests that want them, not at boot."""
BUILD_TIMEOUT = 900


def cache_folder() -> Path:
    """Where the lab keeps what is dear to build: ``VEDETTE_LAB_DIR``, or a folder of the machine's cache."""
    return Path(os.environ.get("VEDETTE_LAB_DIR", "/var/cache/vedette-lab"))


@contextmanager
def locked(cache: Path, name: str) -> Iterator[None]:
    """Let one process at a time do what ``name`` stands for in ``cache``."""
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def base_tree(cache: Path) -> Path:
    """Return the base tree, built on first use (about a minute). It is a lower layer: nothing may write to it.

    Raises:
        LabError: debootstrap failed.
    """
    digest = hashlib.sha256("\n".join((SUITE, *PACKAGES, *APPLICATIONS)).encode()).hexdigest()[:12]
    tree = cache / f"base-{SUITE}-{digest}"
    with locked(cache, "base"):
        if not tree.is_dir():
            staging = cache / f"{tree.name}.building"
            shutil.rmtree(staging, ignore_errors=True)
            _build(staging, ssh_key(cache).with_suffix(".pub").read_text())
            staging.rename(tree)
    return tree


def ssh_key(cache: Path) -> Path:
    """Return the private key that opens every host of the lab; its public half lies beside it."""
    key = cache / "id_ed25519"
    if not key.exists():
        execute(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "vedette-lab", "-f", str(key)])
    return key


def _build(tree: Path, public_key: str) -> None:
    include = f"--include={','.join((*PACKAGES, *APPLICATIONS))}"
    execute(["debootstrap", "--variant=minbase", include, SUITE, str(tree)], timeout=BUILD_TIMEOUT)
    execute(["chroot", str(tree), "ssh-keygen", "-A"])
    execute(["systemctl", f"--root={tree}", "disable", *SERVICES])
    authorized = tree / "root/.ssh/authorized_keys"
    authorized.parent.mkdir(mode=0o700, exist_ok=True)
    authorized.write_text(public_key)
    shutil.rmtree(tree / "var/cache/apt/archives", ignore_errors=True)
