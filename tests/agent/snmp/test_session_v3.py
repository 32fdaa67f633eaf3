"""Version 3: what is believed of an engine, and what is not. The engine is played by the session's own parts."""

from dataclasses import dataclass, replace

import pytest

from vedette_agent.snmp.ber import encode_integer, encode_octets, encode_sequence, parse_oid
from vedette_agent.snmp.message import GET, REPORT, RESPONSE, Query, encode_bindings
from vedette_agent.snmp.message_v3 import Security, seal
from vedette_agent.snmp.session import Answered, AskAgain, Event, Refused
from vedette_agent.snmp.session_v3 import UserSession
from vedette_agent.snmp.usm import User

ENGINE = bytes.fromhex("80001f8880aabbccdd")
USER = User("u", "sha256", b"authpassword", "aes", b"privpassword")
STATS = "1.3.6.1.6.3.15.1.1."
QUERY = Query(GET, [parse_oid("1.3.6.1.2.1.1.3.0")])
SALT = b"saltsalt"


@dataclass
class Engine:
    """An agent's engine. ``flags`` are those of its messages: 1 with a code, 3 with privacy too."""

    boots: int = 5
    time: int = 1000
    flags: int = 3
    password: bytes = USER.auth_password

    def message(self, kind: int, name: str, request_id: int = 77) -> bytes:
        bindings = encode_bindings([(parse_oid(name), encode_integer(1))])
        pdu = encode_sequence(encode_integer(request_id), encode_integer(0), encode_integer(0), bindings, tag=kind)
        scoped = encode_sequence(encode_octets(ENGINE), encode_octets(b""), pdu)
        user = replace(USER, auth_password=self.password)
        security = Security(ENGINE, self.boots, self.time, b"u", b"", SALT if self.flags & 2 else b"")
        return seal(request_id, self.flags, security, scoped, user, user.keys_at(ENGINE))


@dataclass
class Time:
    now: float = 0.0

    def __call__(self) -> float:
        return self.now


def met(time: Time | None = None) -> UserSession:
    """A session that knows the engine and its time."""
    session = UserSession(USER, time or Time())
    assert session.receive(Engine(flags=0, boots=0, time=0).message(REPORT, STATS + "4.0")) == AskAgain(77)
    assert session.receive(Engine(flags=1).message(REPORT, STATS + "2.0")) == AskAgain(77)
    return session


def test_a_query_before_the_engine_is_known_tells_nothing() -> None:
    """Neither the user nor what is asked."""
    sent = UserSession(USER, Time()).encode(QUERY, 77)
    assert b"u" not in sent[10:]
    assert QUERY.oids[0] not in sent


def test_an_answer() -> None:
    event = met().receive(Engine().message(RESPONSE, "1.3.6.1.2.1.1.3.0"))
    assert isinstance(event, Answered)
    assert (event.request_id, [binding.value for binding in event.answer.bindings]) == (77, [1])


@pytest.mark.parametrize(
    ("engine", "why"),
    [
        (Engine(flags=0), "without a code"),
        (Engine(flags=1), "without privacy"),
        (Engine(password=b"anotherpassword"), "with a code of another key"),
        (Engine(boots=4), "of the boot before"),
        (Engine(time=800), "played back after more than 150 seconds"),
    ],
)
def test_answers_that_are_not_believed(engine: Engine, why: str) -> None:
    assert met().receive(engine.message(RESPONSE, "1.3.6.1.2.1.1.3.0")) is None, why


def test_any_changed_byte_is_noticed() -> None:
    """Or is malformed: no change is taken for an answer."""
    whole = Engine().message(RESPONSE, "1.3.6.1.2.1.1.3.0")
    session = met()
    for at in range(len(whole)):
        assert not isinstance(_received(session, whole[:at] + bytes((whole[at] ^ 1,)) + whole[at + 1 :]), Answered), at


def _received(session: UserSession, data: bytes) -> Event | None:
    from vedette_agent.snmp.errors import MalformedError

    try:
        return session.receive(data)
    except MalformedError:
        return None


def test_time_is_only_taken_from_messages_with_a_code() -> None:
    session = UserSession(USER, Time())
    session.receive(Engine(flags=0).message(REPORT, STATS + "4.0"))
    assert session.receive(Engine(flags=0, boots=9).message(REPORT, STATS + "2.0")) is None
    assert session._engine is not None
    assert (session._engine.clock.boots, session._engine.clock.time) == (0, 0)


def test_time_goes_on() -> None:
    """What a query states is the engine's time at that moment, and answers of that time are taken."""
    time = Time()
    session = met(time)
    time.now = 500.0
    assert encode_integer(1500) in session.encode(QUERY, 78)
    assert session.receive(Engine(time=1340).message(RESPONSE, "1.3.6.1.2.1.1.3.0")) is None
    assert isinstance(session.receive(Engine(time=1360).message(RESPONSE, "1.3.6.1.2.1.1.3.0")), Answered)


@pytest.mark.parametrize("number", [1, 3, 5, 6])
def test_refusals_name_the_user(number: int) -> None:
    event = met().receive(Engine(flags=0).message(REPORT, f"{STATS}{number}.0"))
    assert isinstance(event, Refused)
    assert event.reason.endswith("(user u)")
