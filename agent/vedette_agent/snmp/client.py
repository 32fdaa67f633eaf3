"""Asks one device over UDP: sends, waits, sends again; a bounded number of queries at a time."""

from __future__ import annotations

import secrets
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import trio

from vedette_agent.snmp.errors import MalformedError, NoAnswerError, SnmpError
from vedette_agent.snmp.message import GET, NO_SUCH_NAME, TOO_BIG, Answer, Binding, Query, raise_refusal
from vedette_agent.snmp.session import Answered, Event, Refused, Session
from vedette_agent.snmp.walk import Walk

MAX_DATAGRAM = 65_535
MOST_LESSONS = 4
"""How often one query may be sent anew because the session has learnt something of the engine."""
GET_VALUES = 25


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait for one answer, in seconds, and how often to ask again."""

    timeout: float
    retries: int
    in_flight: int
    values: int


@dataclass(slots=True)
class Traffic:
    """What was sent and came. ``cpu`` is in seconds."""

    packets: int = 0
    retried: int = 0
    values: int = 0
    cpu: float = 0.0


@dataclass(slots=True)
class _Waiting:
    """A query that is under way."""

    event: trio.Event = field(default_factory=trio.Event)
    outcome: Event | SnmpError | None = None


class Client:
    """Talks to the device at the other end of ``sock``. Made by ``open_client``.

    Attributes:
        traffic: Counted from the beginning of the client.
        problems: What was wrong with parts of the answers.
    """

    def __init__(self, sock: trio.socket.SocketType, session: Session, patience: Patience) -> None:
        self.traffic = Traffic()
        self.problems: list[str] = []
        self._socket = sock
        self._session = session
        self._patience = patience
        self._slots = trio.Semaphore(patience.in_flight)
        self._waiting: dict[int, _Waiting] = {}

    async def get(self, oids: Sequence[bytes]) -> list[Binding]:
        """Return the variables ``oids`` that exist.

        Raises:
            SnmpError: the device cannot be asked.
        """
        found: list[Binding] = []
        pending = [list(oids[at : at + GET_VALUES]) for at in range(0, len(oids), GET_VALUES)]
        while pending:
            asked = pending.pop()
            answer = await self._ask(lambda _attempt, asked=asked: Query(GET, asked))  # type: ignore[misc]  # bound early
            raise_refusal(answer)
            if not answer.error_status:
                found += [binding for binding in answer.bindings if not binding.is_missing]
            elif answer.error_status == TOO_BIG and len(asked) > 1:
                pending += [asked[: len(asked) // 2], asked[len(asked) // 2 :]]
            elif 1 <= answer.error_index <= len(asked):
                # In version 1 one missing variable spoils the answer.
                rest = asked[: answer.error_index - 1] + asked[answer.error_index :]
                pending += [rest] if rest else []
                if answer.error_status != NO_SUCH_NAME:
                    self.problems.append(f"has an error of its own (status {answer.error_status}) at a variable")
            elif answer.error_status != NO_SUCH_NAME:
                raise SnmpError(f"answers with error status {answer.error_status}")
        return found

    async def walk(self, groups: Sequence[Sequence[bytes]]) -> dict[bytes, list[Binding]]:
        """Return what lies below the columns of ``groups``; those of a group are asked for together.

        Raises:
            SnmpError: the device cannot be asked.
        """
        walks = [Walk(group, self._patience.values, has_bulk=self._session.has_bulk) for group in groups]
        failures: list[SnmpError] = []
        async with trio.open_nursery() as nursery:

            async def finish(walk: Walk) -> None:
                try:
                    await self._finish(walk)
                except SnmpError as error:
                    failures.append(error)
                    nursery.cancel_scope.cancel()

            for walk in walks:
                nursery.start_soon(finish, walk)
        if failures:
            raise failures[0]
        self.problems += [problem for walk in walks for problem in walk.problems]
        return {column: bindings for walk in walks for column, bindings in walk.found.items()}

    async def _finish(self, walk: Walk) -> None:
        while walk.next_query() is not None:
            answer = await self._ask(walk.next_query)
            start = time.thread_time()
            walk.feed(answer)
            self.traffic.cpu += time.thread_time() - start

    async def _ask(self, query_for: Callable[[int], Query | None]) -> Answer:
        """Ask until an answer comes; ``query_for`` says what, by the number of the attempt."""
        async with self._slots:
            for attempt in range(self._patience.retries + 1):
                query = query_for(attempt)
                assert query is not None
                self.traffic.retried += attempt > 0
                with trio.move_on_after(self._patience.timeout):
                    return await self._exchange(query)
        raise NoAnswerError("does not answer: check the address, the version and the community or user")

    async def _exchange(self, query: Query) -> Answer:
        request_id = secrets.randbits(31)
        try:
            for _ in range(MOST_LESSONS):
                waiting = self._waiting[request_id] = _Waiting()
                start = time.thread_time()
                data = self._session.encode(query, request_id)
                self.traffic.cpu += time.thread_time() - start
                await self._send(data)
                await waiting.event.wait()
                outcome = waiting.outcome
                if isinstance(outcome, Answered):
                    self.traffic.values += len(outcome.answer.bindings)
                    return outcome.answer
                if isinstance(outcome, Refused):
                    raise SnmpError(outcome.reason)
                if isinstance(outcome, SnmpError):
                    raise outcome
        finally:
            self._waiting.pop(request_id, None)
        raise SnmpError("names another engine each time it is asked")

    async def _send(self, data: bytes) -> None:
        self.traffic.packets += 1
        try:
            await self._socket.send(data)
        except OSError as error:
            raise _unreachable(error) from error

    async def receive(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Hand each answer to the query that waits for it, for ever."""
        task_status.started()
        while True:
            try:
                data = await self._socket.recv(MAX_DATAGRAM)
            except OSError as error:
                self._fail(_unreachable(error))
                continue
            start = time.thread_time()
            try:
                event = self._session.receive(data)
            except MalformedError as error:
                # It may be anyone's; whoever waits asks again, and says in the end what came.
                self.problems.append(str(error))
                event = None
            self.traffic.cpu += time.thread_time() - start
            waiting = self._waiting.get(event.request_id) if event is not None else None
            if waiting is not None:
                waiting.outcome = event
                waiting.event.set()

    def _fail(self, error: SnmpError) -> None:
        for waiting in self._waiting.values():
            waiting.outcome = error
            waiting.event.set()


def _unreachable(error: OSError) -> SnmpError:
    return SnmpError(f"cannot be reached: {error.strerror or error}")


@asynccontextmanager
async def open_client(host: str, port: int, session: Session, patience: Patience) -> AsyncIterator[Client]:
    """Connect a socket to a device, and listen to it while the context lasts.

    Raises:
        SnmpError: there is no such address.
    """
    try:
        family, kind, protocol, _, address = (await trio.socket.getaddrinfo(host, port, type=trio.socket.SOCK_DGRAM))[0]
        sock = trio.socket.socket(family, kind, protocol)
    except OSError as error:
        raise _unreachable(error) from error
    with sock:
        try:
            await sock.connect(address)
        except OSError as error:
            raise _unreachable(error) from error
        failure: SnmpError | None = None
        async with trio.open_nursery() as nursery:
            client = Client(sock, session, patience)
            await nursery.start(client.receive)
            # Raised outside of the nursery, which would wrap it into a group.
            try:
                yield client
            except SnmpError as error:
                failure = error
            nursery.cancel_scope.cancel()
        if failure is not None:
            raise failure
