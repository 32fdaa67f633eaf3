"""The lab's network: a bridge in a namespace of its own, one namespace and one cable a host, no route to elsewhere."""

from __future__ import annotations

from pathlib import Path

from tests.deploy.lab.commands import execute

NAMESPACES = Path("/run/netns")
PREFIX = "10.77.0"
FIRST_HOST = 11


class Network:
    """A bridge at 10.77.0.1/24 and hosts from 10.77.0.11 on. Two labs may run at once: all is inside the namespaces."""

    def __init__(self, tag: str) -> None:
        self.namespace = tag
        self._tag = tag

    def up(self) -> None:
        """Make the namespace and its bridge."""
        execute(["ip", "netns", "add", self.namespace])
        self._inside("link", "set", "lo", "up")
        self._inside("link", "add", "br0", "type", "bridge")
        self._inside("addr", "add", f"{PREFIX}.1/24", "dev", "br0")
        self._inside("link", "set", "br0", "up")

    def attach(self, name: str, address: str) -> None:
        """Make the namespace of host ``name`` and its cable to the bridge."""
        namespace = self.namespace_of(name)
        execute(["ip", "netns", "add", namespace])
        plug = ["ip", "link", "add", self._cable(name), "netns", self.namespace, "type", "veth"]
        execute([*plug, "peer", "name", "eth0", "address", _hardware_address(address), "netns", namespace])
        self._inside("link", "set", self._cable(name), "master", "br0", "up")
        for words in (
            ["link", "set", "lo", "up"],
            ["addr", "add", f"{address}/24", "dev", "eth0"],
            ["link", "set", "eth0", "up"],
            ["route", "add", "default", "via", f"{PREFIX}.1"],
        ):
            execute(["ip", "-n", namespace, *words])

    def detach(self, name: str) -> None:
        """Take the cable and the namespace of host ``name`` away, with every socket in it; its peers hear nothing."""
        # By name: the namespace, and what is in it, goes only with its last process.
        self._inside("link", "del", self._cable(name))
        execute(["ip", "netns", "del", self.namespace_of(name)])

    def cut(self, name: str) -> None:
        """Pull the cable of host ``name``."""
        self._inside("link", "set", self._cable(name), "down")

    def mend(self, name: str) -> None:
        """Plug the cable of host ``name`` in again."""
        self._inside("link", "set", self._cable(name), "up")

    def address_of(self, number: int) -> str:
        """Return the address of the host with this number, from 0."""
        return f"{PREFIX}.{FIRST_HOST + number}"

    def namespace_of(self, name: str) -> str:
        """Return the network namespace of host ``name``."""
        return f"{self._tag}-{name}"

    @staticmethod
    def _cable(name: str) -> str:
        return f"v-{name}"

    def _inside(self, *words: str) -> None:
        execute(["ip", "-n", self.namespace, *words])


def _hardware_address(address: str) -> str:
    """A host keeps its network card when its cable is made anew: peers remember it."""
    return ":".join(["02", "00", *(f"{int(part):02x}" for part in address.split("."))])


def remove_namespaces(tag: str) -> None:
    """Delete what a ``Network`` with this tag made, as far as it is there; the cables go with their ends."""
    for path in [*sorted(NAMESPACES.glob(f"{tag}-*")), NAMESPACES / tag]:
        if path.exists():
            execute(["ip", "netns", "del", path.name], check=False)
