"""A virtual machine with a BMC: QEMU, a kernel of Debian's, and this machine's files, which it may only read.

Needs qemu-system-x86, busybox-static, kmod, cpio and linux-image-amd64, installed or unpacked in the folder that the
variable ``VEDETTE_TEST_KERNEL`` names. Nothing is accelerated, so that it runs within other virtual machines; it takes
half a minute.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.agent.ipmi.simulator import need

KERNELS = Path(os.environ.get("VEDETTE_TEST_KERNEL", "/"))
MODULES = ("9p", "9pnet_virtio", "virtio_pci", "ipmi_si", "ipmi_devintf")
HOUSE = Path(__file__).parents[3]
BUSYBOX = Path("/bin/busybox")
MARK = "=== what it printed ==="
PATIENCE_S = 240

_INIT = """#!/bin/busybox sh
/bin/busybox mount -t proc proc /proc
/bin/busybox mount -t devtmpfs dev /dev
while read module; do /bin/busybox insmod /lib/$module; done < /order
/bin/busybox mount -t 9p -o trans=virtio,version=9p2000.L,ro host /root
/bin/busybox mount --move /proc /root/proc
/bin/busybox mount --move /dev /root/dev
/bin/busybox mount -t tmpfs run /root/run
echo "{mark}"
/bin/busybox chroot /root /usr/bin/env PYTHONDONTWRITEBYTECODE=1 HOME=/run {environment} {command} 2>&1
echo "{mark}"
/bin/busybox poweroff -f
"""


def run_in_machine(folder: Path, port: int, command: Sequence[str]) -> str:
    """Boot a machine whose BMC is the simulator's at ``port``, run ``command`` there; return what it printed."""
    kernel = _kernel()
    image = _image(folder, kernel.name.removeprefix("vmlinuz-"), command)
    options = {
        "-kernel": str(kernel),
        "-initrd": str(image),
        "-append": "console=ttyS0 loglevel=3 panic=1",
        "-fsdev": "local,id=files,path=/,security_model=none,readonly=on,multidevs=remap",
        "-chardev": f"socket,id=bmc,host=127.0.0.1,port={port},reconnect=1",
    }
    devices = (
        "virtio-9p-pci,fsdev=files,mount_tag=host",
        "ipmi-bmc-extern,chardev=bmc,id=bmc0",
        "isa-ipmi-kcs,bmc=bmc0",
    )
    machine = ["qemu-system-x86_64", "-accel", "tcg", "-cpu", "max", "-m", "512", "-nographic", "-no-reboot"]
    machine += [word for pair in options.items() for word in pair] + ["-net", "none"]
    machine += [word for device in devices for word in ("-device", device)]
    end = subprocess.run(machine, capture_output=True, timeout=PATIENCE_S, stdin=subprocess.DEVNULL, check=False)
    parts = end.stdout.decode("utf-8", "replace").split(MARK)
    assert len(parts) == 3, end.stdout[-2000:] + end.stderr[-2000:]
    return parts[1].replace("\r\n", "\n").strip()


def _kernel() -> Path:
    need("qemu-system-x86_64", "modprobe", "depmod", "cpio")
    kernels = sorted((KERNELS / "boot").glob("vmlinuz-*"))
    if not kernels or not BUSYBOX.exists():
        pytest.skip("needs linux-image-amd64 and busybox-static")
    return kernels[-1]


def _image(folder: Path, release: str, command: Sequence[str]) -> Path:
    """The files that it starts with: the modules, and what loads them."""
    root = folder / "image"
    for name in ("bin", "lib", "proc", "dev", "root"):
        (root / name).mkdir(parents=True)
    shutil.copy(BUSYBOX, root / "bin" / "busybox")
    subprocess.run(["depmod", "-b", str(KERNELS), release], check=True)
    order: list[Path] = []
    for module in MODULES:
        show = ["modprobe", "-d", str(KERNELS), "-S", release, "--show-depends", module]
        lines = subprocess.run(show, check=True, capture_output=True, text=True).stdout.splitlines()
        order += [path for path in (Path(line.split()[1]) for line in lines) if path not in order]
    for path in order:
        (root / "lib" / path.name).write_bytes(path.read_bytes())
    (root / "order").write_text("".join(f"{path.name}\n" for path in order))
    environment = "PYTHONPATH=" + ":".join(str(HOUSE / name) for name in ("", "agent", "shared"))
    (root / "init").write_text(_INIT.format(mark=MARK, environment=environment, command=" ".join(command)))
    (root / "init").chmod(0o755)
    image = folder / "image.cpio"
    with image.open("wb") as output:
        files = "\n".join(str(path.relative_to(root)) for path in sorted(root.rglob("*")))
        subprocess.run(
            ["cpio", "-o", "-H", "newc", "--quiet"], cwd=root, input=files.encode(), stdout=output, check=True
        )
    return image
