"""From datagrams of any version to notifications, or to why there is none. Without I/O."""

from __future__ import annotations

import hmac
from collections import OrderedDict
from collections.abc import Mapping, Sequence

from vedette_agent.snmp.ber import SEQUENCE, expect, read_integer, read_octets
from vedette_agent.snmp.errors import MalformedError
from vedette_agent.snmp.message import VERSION_1, VERSION_2C, VERSION_3, encode_community_message
from vedette_agent.snmp.traps.notification import decode_notification, encode_acknowledgement
from vedette_agent.snmp.traps.users import REASONS, Dropped, LocalEngine, Received, Taken, UserReceiver
from vedette_agent.snmp.usm import User

MALFORMED, COMMUNITY, VERSION, REPEATED = "malformed", "community", "version", "repeated"
DROP_REASONS = (MALFORMED, COMMUNITY, VERSION, REPEATED, *sorted(REASONS.values()))

MOST_REMEMBERED = 1024
REMEMBER_S = 60.0
"""Informs are remembered so long: one whose answer gets lost comes again."""


class Receiver:
    """Takes datagrams.

    Args:
        communities: Those that may stand in messages of versions 1 and 2c.
        users: Those who may send messages of version 3.
        engine: This agent, as those see it who send informs of version 3.
    """

    def __init__(self, communities: Sequence[bytes], users: Mapping[str, User], engine: LocalEngine) -> None:
        self._communities = communities
        self._users = UserReceiver(users, engine)
        self._seen: OrderedDict[tuple[object, int, bytes], float] = OrderedDict()

    def receive(self, data: bytes, sender: object, monotonic: float) -> Received:
        """Return what ``data`` from ``sender``, its address and port, says; never raises."""
        try:
            at, end = expect(data, 0, len(data), SEQUENCE)
            version, at = read_integer(data, at, end)
            if version == VERSION_3:
                received = self._users.receive(data, monotonic)
            elif version in (VERSION_1, VERSION_2C):
                received = self._of_community(data, version, at, end)
            else:
                return Dropped(VERSION)
        except MalformedError:
            return Dropped(MALFORMED)
        if isinstance(received, Taken) and self._is_repeated(received, sender, monotonic):
            return Dropped(REPEATED, received.reply)
        return received

    def _of_community(self, data: bytes, version: int, at: int, end: int) -> Received:
        community, at = read_octets(data, at, end)
        # Each is compared, as the time of an answer would tell how many letters were right.
        if not sum(hmac.compare_digest(known, community) for known in self._communities):
            return Dropped(COMMUNITY)
        notification = decode_notification(data, at, end)
        if notification.request_id is None:
            return Taken(notification)
        return Taken(notification, encode_community_message(version, community, encode_acknowledgement(notification)))

    def _is_repeated(self, taken: Taken, sender: object, monotonic: float) -> bool:
        """Whether an inform has come before."""
        request_id = taken.notification.request_id
        if request_id is None:
            return False
        key = (sender, request_id, taken.notification.oid)
        before = self._seen.pop(key, None)
        self._seen[key] = monotonic
        if len(self._seen) > MOST_REMEMBERED:
            self._seen.popitem(last=False)
        return before is not None and monotonic - before <= REMEMBER_S
