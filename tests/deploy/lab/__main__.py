"""Boots a lab to look around by hand: ``python -m tests.deploy.lab [HOSTS]``; it ends with its input (Ctrl-D)."""

from __future__ import annotations

import shlex
import sys

from tests.deploy.lab import Lab

with Lab(int(sys.argv[1]) if len(sys.argv) > 1 else 2) as lab:
    enter = ["nsenter", f"--net=/run/netns/{lab.network.namespace}", "ssh", *lab.ssh_arguments()]
    for host in lab.hosts.values():
        print(shlex.join([*enter, f"root@{host.address}"]))
    print("Ctrl-D ends the lab", flush=True)
    sys.stdin.read()
