"""A session of IPMI 2.0 over LAN that keeps a deadline. Importing this module imports pyghmi: some ten megabytes.

pyghmi has two kinds of session. The usual one does the I/O of all sessions in one thread and wakes the threads that
wait by events; wake-ups get lost, and a session that has died is handed out again. The simple one, used here, has a
socket of its own and waits for it; but it never repeats what got lost, and waits for ever. What it lacks is added
below: a request is repeated after a pause that grows, as the session's own ``_timedout`` has it, and nothing waits past
the deadline.
"""

from __future__ import annotations

import contextlib
import math
import select
import struct
import time
from collections.abc import Sequence

from pyghmi.exceptions import IpmiException
from pyghmi.ipmi.private.simplesession import Session

from vedette_agent.errors import CollectorError
from vedette_agent.ipmi.raw import CommandError

NO_ANSWER = "no answer"


class _PatientSession(Session):  # type: ignore[misc]  # pyghmi bears no types
    """A simple session whose waits end. The methods override those by which pyghmi waits for an answer."""

    def __init__(self, deadline: float, **arguments: object) -> None:
        self.deadline = deadline
        try:
            super().__init__(**arguments)
        except BaseException:
            self.release()
            raise

    def release(self) -> None:
        Session.keepalive_sessions.pop(self, None)
        # It has none where the name of the BMC was not found.
        if getattr(self, "socket", None) is not None:
            self.socket.close()

    def wait_for_rsp(self, *_arguments: object, **_more: object) -> None:
        self._wait()

    def awaitresponse(self, retry: bool) -> None:
        while retry and self.lastresponse is None and self.logged:
            self._wait()

    def _mark_broken(self, error: str | None = None) -> None:
        # Without the logout that pyghmi sends here, and waits for: nobody is there to hear it.
        self.errormsg = error
        self.broken = True
        self.logged = 0
        self.logging = self.incommand = False
        self.lastpayload = None

    def _wait(self) -> None:
        left = self.deadline - time.monotonic()
        if left > 0 and select.select([self.socket], [], [], min(self.timeout, left))[0]:
            # What is no IPMI at all, or cut short, is as good as not there.
            with contextlib.suppress(IndexError, KeyError, TypeError, ValueError, struct.error):
                self.process_pktqueue()
        elif left > self.timeout:
            self._timedout()
        else:
            self._mark_broken()


class LanSession:
    """A session, from its login on. Blocks; belongs to one thread at a time. After an error it is of no more use.

    Args:
        deadline: Of the login, in seconds of ``time.monotonic``.
        privilege: 2 for user, 3 for operator, 4 for administrator; ``None`` for what the BMC allows of the latter two.

    Raises:
        CollectorError: there is no answer, or nobody is let in.
    """

    def __init__(
        self, address: str, port: int, user: str, password: str, privilege: int | None, deadline: float
    ) -> None:
        try:
            self._session = _PatientSession(
                deadline, bmc=address, port=port, userid=user, password=password, privlevel=privilege
            )
        except IpmiException as error:
            raise CollectorError(_login_text(str(error))) from error
        except OSError as error:
            raise CollectorError(f"{address} cannot be reached: {error.strerror}") from error

    def set_deadline(self, deadline: float) -> None:
        """Let commands take until ``deadline``, in seconds of ``time.monotonic``."""
        self._session.deadline = deadline

    def raw(self, netfn: int, command: int, data: Sequence[int] = (), lun: int = 0) -> bytes:
        """Send a command; return the data of the answer, without its completion code.

        Raises:
            CommandError: the BMC refuses it.
            CollectorError: the session has ended.
        """
        try:
            answer = self._session.raw_command(netfn=netfn, command=command, data=tuple(data), rslun=lun)
        except (IpmiException, OSError) as error:
            raise CollectorError("the session has ended: no answer") from error
        if not answer or "data" not in answer:
            raise CollectorError("the session has ended: no answer")
        if answer["code"]:
            raise CommandError(answer["code"], str(answer.get("error", "no reason given")))
        return bytes(answer["data"])

    def close(self) -> None:
        """Tell the BMC, without waiting for its answer, and let go of the socket."""
        session = self._session
        session.deadline = -math.inf
        session.incommand = False
        session.lastpayload = None
        with contextlib.suppress(IpmiException, OSError):
            session.logout(False)
        session.release()


def _login_text(error: str) -> str:
    lower = error.lower()
    if any(word in lower for word in ("password", "user", "unauthorized", "rakp")):
        return f"login refused: {error}: check user and password_file"
    # pyghmi raises without a text where nothing answers.
    if error in ("None", "timeout", ""):
        return "no answer to the login: check address and port, and whether IPMI over LAN is enabled at the BMC"
    return f"login failed: {error}"
