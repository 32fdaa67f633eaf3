"""Listens for traps, and hands them over as events: a source of the agent."""

from __future__ import annotations

import contextlib
import errno
import ipaddress
import socket
import struct
import time
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import trio

from vedette_agent.errors import CollectorError
from vedette_agent.snmp.traps.config import TrapsConfig
from vedette_agent.snmp.traps.counts import BUFFER, QUEUE, RATE, TrapCounts
from vedette_agent.snmp.traps.definitions import Definitions
from vedette_agent.snmp.traps.engine import FILE, parse_engine_id, start_engine
from vedette_agent.snmp.traps.rates import Rates
from vedette_agent.snmp.traps.receiver import Receiver
from vedette_agent.snmp.traps.telling import tell, tell_of_excess
from vedette_agent.snmp.traps.users import Dropped
from vedette_agent.snmp.usm import User
from vedette_agent.sources.interface import PlainSource
from vedette_shared.clock import Clock
from vedette_shared.errors import ConfigError
from vedette_shared.events import Event
from vedette_shared.logs import get_logger
from vedette_shared.metrics import MetricFamily

_log = get_logger(__name__)

NAME = "snmp_traps"
MOST_EVENTS = 1000
MAX_DATAGRAM = 65_535
BATCH = 100
PAUSE_S = 0.01
"""After a full batch, so that a storm takes a small part of a core: what comes faster fills the kernel's buffer."""
RECEIVE_BUFFER = 2**21
RETRY_S = 5.0
RESOLVE_S = 300.0

# From linux/socket.h: how many datagrams the kernel had no room for, beside each datagram.
_SO_RXQ_OVFL = 40
_MAPPED = "::ffff:"
_HINTS = {
    errno.EADDRINUSE: "; another process listens there, such as snmptrapd: stop it or name another port",
    errno.EADDRNOTAVAIL: "; this machine does not have that address",
    errno.EACCES: "; ports below 1024 need CAP_NET_BIND_SERVICE, see agent/SNMP.md",
}


@dataclass(frozen=True, slots=True)
class Senders:
    """Who may send: communities and users, and the devices that are known, by host their addresses or names."""

    communities: tuple[bytes, ...]
    users: Mapping[str, User]
    devices: Mapping[str, str]


class TrapSource(PlainSource):
    """Takes traps and informs in the background; a collection hands over what came.

    Args:
        config: Where it listens, and how much of it is looked at.
        senders: Of whom.
        definitions: What is known of traps.
        folder: Where it remembers, as an engine of version 3, who it is.
        clock: For events, rates and the engine's time.
    """

    name = NAME
    job = "snmp"
    timeout = 1.0
    reports_up = True

    def __init__(
        self, config: TrapsConfig, senders: Senders, definitions: Definitions, folder: Path, clock: Clock
    ) -> None:
        super().__init__()
        self.interval_ms: int = config.interval
        self.port = 0
        self._config = config
        self._senders = senders
        self._definitions = definitions
        self._file = folder / FILE
        self._clock = clock
        self._failure = "does not listen yet"
        self._counts = TrapCounts()
        self._rates: Rates[str] = Rates(config.rate, config.burst)
        self._events: deque[Event] = deque()
        self._hosts = _literal_hosts(senders.devices)
        self._overflows = 0
        self._cpu = 0.0

    async def collect(self) -> Sequence[MetricFamily]:
        if self._failure:
            raise CollectorError(self._failure)
        now = self._clock.now_ms()
        for address, count in self._rates.take_exceeded().items():
            self._put(tell_of_excess(address, count, self._hosts.get(address, address), now))
        self._counts.dropped[RATE] = self._rates.dropped
        self._last = self._counts.families()
        return self._last

    def take_events(self) -> Sequence[Event]:
        events, self._events = self._events, deque()
        return tuple(events)

    def cpu_seconds(self) -> float:
        return self._cpu

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Listen for ever; where the address cannot be had, try again from time to time."""
        is_told = False
        while True:
            try:
                receiver, sock = self._open()
            except (OSError, ConfigError) as error:
                self._failure = _explain(error, self._config)
                if not is_told:
                    is_told = True
                    task_status.started()
                await trio.sleep(RETRY_S)
                continue
            self._failure = ""
            self.port = sock.getsockname()[1]
            with sock:
                async with trio.open_nursery() as nursery:
                    nursery.start_soon(self._keep_hosts)
                    if not is_told:
                        is_told = True
                        task_status.started()
                    await self._listen(sock, receiver)

    def _open(self) -> tuple[Receiver, socket.socket]:
        """Raises OSError, ConfigError."""
        sock = _bind(self._config)
        try:
            wanted = parse_engine_id(self._config.engine_id) if self._config.engine_id else b""
            engine = start_engine(self._file, wanted, self._clock.monotonic())
        except BaseException:
            sock.close()
            raise
        return Receiver(self._senders.communities, self._senders.users, engine), sock

    async def _listen(self, sock: socket.socket, receiver: Receiver) -> None:
        while True:
            await trio.lowlevel.wait_readable(sock)
            start = time.thread_time()
            count = 0
            while count < BATCH and self._take_one(sock, receiver):
                count += 1
            self._cpu += time.thread_time() - start
            if count == BATCH:
                await trio.sleep(PAUSE_S)

    def _take_one(self, sock: socket.socket, receiver: Receiver) -> bool:
        """Take a datagram, where there is one."""
        try:
            data, beside, _, peer = sock.recvmsg(MAX_DATAGRAM, socket.CMSG_SPACE(4))
        except BlockingIOError:
            return False
        except OSError as error:
            # Such as an unreachable port of one who was answered before.
            _log.debug("a socket for traps", error=error)
            return True
        self._note_overflow(beside)
        address = peer[0].removeprefix(_MAPPED).partition("%")[0]
        now = self._clock.monotonic()
        if not self._rates.admits(address, now):
            return True
        received = receiver.receive(data, peer[:2], now)
        if received.reply:
            _send(sock, received.reply, peer)
        if isinstance(received, Dropped):
            self._counts.dropped[received.reason] += 1
            return True
        about = received.notification.address or address
        host = self._hosts.get(about) or self._hosts.get(address) or about
        told = tell(received, self._definitions, host=host, address=address, time_ms=self._clock.now_ms())
        self._counts.take(host, told.trap)
        if told.event is not None:
            self._put(told.event)
        return True

    def _put(self, event: Event) -> None:
        self._events.append(event)
        if len(self._events) > MOST_EVENTS:
            self._events.popleft()
            self._counts.dropped[QUEUE] += 1

    def _note_overflow(self, beside: Sequence[tuple[int, int, bytes]]) -> None:
        for level, kind, data in beside:
            if level == socket.SOL_SOCKET and kind == _SO_RXQ_OVFL and len(data) == 4:
                (total,) = struct.unpack("I", data)
                self._counts.dropped[BUFFER] += (total - self._overflows) % 2**32
                self._overflows = total

    async def _keep_hosts(self) -> None:
        """Ask for the addresses of devices that are configured by name, again and again."""
        named = {host: where for host, where in self._senders.devices.items() if where not in self._hosts}
        while named:
            for host, where in named.items():
                try:
                    found = await trio.socket.getaddrinfo(where, None, type=socket.SOCK_DGRAM)
                except OSError:
                    continue
                self._hosts |= {str(entry[4][0]): host for entry in found}
            await trio.sleep(RESOLVE_S)


def _bind(config: TrapsConfig) -> socket.socket:
    """Raises OSError."""
    address = config.listen
    family, kind, protocol, _, where = socket.getaddrinfo(
        address.host, address.port, type=socket.SOCK_DGRAM, flags=socket.AI_PASSIVE
    )[0]
    sock = socket.socket(family, kind, protocol)
    try:
        if family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
        sock.setsockopt(socket.SOL_SOCKET, _SO_RXQ_OVFL, 1)
        sock.bind(where)
        sock.setblocking(False)
    except BaseException:
        sock.close()
        raise
    return sock


def _send(sock: socket.socket, reply: bytes, peer: Any) -> None:
    """An answer that cannot go out now is left to the sender's next attempt."""
    try:
        sock.sendto(reply, peer)
    except OSError as error:
        _log.debug("an inform could not be answered", error=error)


def _explain(error: OSError | ConfigError, config: TrapsConfig) -> str:
    if isinstance(error, ConfigError):
        return str(error)
    return f"cannot listen on {config.listen}: {error.strerror}{_HINTS.get(error.errno or 0, '')}"


def _literal_hosts(devices: Mapping[str, str]) -> dict[str, str]:
    """Hosts by address, of those that are configured by a number."""
    found: dict[str, str] = {}
    for host, where in devices.items():
        with contextlib.suppress(ValueError):
            found[str(ipaddress.ip_address(where))] = host
    return found
