"""What goes to a server, in which order, and what its answers mean."""

from __future__ import annotations

import json
import math
import random
from array import array
from collections.abc import Sequence
from pathlib import Path

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.agent.push.model import ModelServer
from vedette_agent.push import Answer, Push, Pusher, PushLimits, Wait
from vedette_agent.sources.framing import NewFrame
from vedette_agent.spool import FrameId, Spool, SpoolLimits, StoredFrame
from vedette_shared.clock import ManualClock
from vedette_shared.events import Event, Severity
from vedette_shared.frames import Layout, Message, decode_message, encode_target, layout_of
from vedette_shared.labels import make_labels
from vedette_shared.metrics import gauge

SERVER = "http://server"
TARGET = encode_target(make_labels(job="node", instance="h", host="h"))
LAYOUTS = [layout_of([gauge(f"metric_{n}", "Help.", 0.0) for n in range(count)]) for count in (20, 21)]
LIMITS = PushLimits(message_bytes=3_000, catch_up_bytes_per_s=1_000, backoff_base=1, backoff_most=60)


class Highest(random.Random):
    """The longest wait that the jitter allows."""

    def uniform(self, a: float, b: float) -> float:
        return b


class Bench:
    """A pusher with a spool and a clock, and a server that answers when asked to."""

    def __init__(self, folder: Path, limits: PushLimits = LIMITS) -> None:
        self.clock = ManualClock(1_700_000_000_000)
        self.spool = Spool.open(folder / "spool", [SERVER], SpoolLimits(segment_bytes=4_000), self.clock)
        self.pusher = Pusher(SERVER, "h", self.spool, limits, Highest())
        self.server = ModelServer()
        self.collected: list[StoredFrame] = []

    @property
    def now(self) -> float:
        return self.clock.monotonic()

    def collect(self, source: str = "node", layout: Layout = LAYOUTS[0], events: Sequence[Event] = ()) -> StoredFrame:
        self.clock.advance(1_000)
        values = array("d", [self.clock.now_ms() * (place + 0.1) for place in range(len(layout))])
        stored = self.spool.append(NewFrame(self.clock.now_ms(), TARGET, source, layout, values.tobytes()), events)
        self.pusher.offer(stored)
        self.collected.append(stored)
        return stored

    def next(self) -> Push:
        push = self.pusher.next(self.now)
        assert isinstance(push, Push), push
        return push

    def wait(self) -> float:
        """Seconds until the pusher wants something."""
        wait = self.pusher.next(self.now)
        assert isinstance(wait, Wait)
        return wait.until - self.now

    def answer(self, status: int, body: object = None, retry_after: float | None = None) -> None:
        self.pusher.answered(Answer(status, json.dumps(body).encode(), retry_after), self.now)

    def deliver(self) -> Push:
        push = self.next()
        self.pusher.answered(self.server.take(push.body), self.now, self.clock.now_ms())
        return push

    def deliver_all(self) -> list[Push]:
        pushes = []
        while True:
            todo = self.pusher.next(self.now)
            if isinstance(todo, Wait):
                if math.isinf(todo.until):
                    return pushes
                self.clock.advance(math.ceil((todo.until - self.now) * 1000))
                continue
            pushes.append(todo)
            self.pusher.answered(self.server.take(todo.body), self.now, self.clock.now_ms())

    def everything_arrived(self) -> bool:
        expected = {(s.generation, s.frame.sequence): s.frame for s in self.collected}
        return self.server.stored == expected and self.spool.waiting(SERVER) == 0


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def opened(push: Push) -> Message:
    return decode_message(zstandard.ZstdDecompressor().decompress(push.body))


def sequences(push: Push) -> list[int]:
    return [stored.frame.sequence for stored in push.frames]


def test_nothing_to_do(bench: Bench) -> None:
    assert bench.wait() == math.inf


def test_a_layout_goes_once_and_later_frames_are_differences(bench: Bench) -> None:
    bench.collect()
    first = opened(bench.deliver())
    bench.collect()
    second = opened(bench.deliver())
    assert [(len(m.layouts), [f.base for f in m.frames]) for m in (first, second)] == [(1, [0]), (0, [1])]
    bench.collect(layout=LAYOUTS[1])
    third = opened(bench.deliver())
    assert (len(third.layouts), [f.base for f in third.frames]) == (1, [0])
    assert bench.everything_arrived()


def test_the_body_states_its_size(bench: Bench) -> None:
    bench.collect()
    body = bench.next().body
    assert zstandard.frame_content_size(body) == len(zstandard.ZstdDecompressor().decompress(body))


def test_frames_of_one_tick_go_together(bench: Bench) -> None:
    bench.collect("node")
    bench.collect("ipmi")
    assert sequences(bench.deliver()) == [1, 2]


def test_live_frames_first_then_the_backlog_oldest_first_at_its_rate(bench: Bench) -> None:
    for _ in range(30):
        bench.collect()
    assert sequences(bench.deliver()) == [30]
    backlog = bench.deliver()
    assert sequences(backlog) == list(range(1, len(backlog.frames) + 1))
    assert 5 < len(backlog.frames) < 20
    assert bench.wait() == pytest.approx(backlog.raw_bytes / LIMITS.catch_up_bytes_per_s)
    bench.collect()
    assert sequences(bench.deliver()) == [31]
    bench.clock.advance(10_000)
    assert sequences(bench.deliver())[0] == len(backlog.frames) + 1
    bench.deliver_all()
    assert bench.everything_arrived()
    assert bench.server.repeated == 0


def test_within_a_backlog_message_frames_are_differences_to_the_one_before(bench: Bench) -> None:
    for _ in range(5):
        bench.collect()
    bench.deliver()
    assert [frame.base for frame in opened(bench.deliver()).frames] == [0, 1, 2, 3]
    bench.collect()
    assert [frame.base for frame in opened(bench.deliver()).frames] == [4]
    assert bench.everything_arrived()


def test_a_restarted_server_asks_for_bases_and_gets_them(bench: Bench) -> None:
    bench.collect()
    bench.deliver()
    bench.server.lose_memory()
    bench.collect()
    bench.deliver()
    assert [frame.base for frame in opened(bench.deliver()).frames] == [0]
    assert bench.everything_arrived()
    assert bench.pusher.counters.messages == {"ok": 2, "incomplete": 1, "refused": 0, "busy": 0, "failed": 0}


def test_an_emptied_server_asks_for_layouts_and_gets_them(bench: Bench) -> None:
    bench.collect()
    bench.deliver()
    bench.server.lose_everything()
    bench.collect()
    bench.deliver_all()
    assert bench.server.layouts_received == 2
    assert bench.everything_arrived()


def test_a_server_that_asks_again_and_again_is_given_time(bench: Bench) -> None:
    bench.collect()
    for _ in range(3):
        bench.next()
        bench.answer(409, {"error": "incomplete", "layouts": [], "bases": []})
    bench.next()
    bench.answer(409, {"error": "incomplete", "layouts": [], "bases": []})
    assert bench.wait() > 0


@pytest.mark.parametrize(
    ("status", "retry_after", "expected", "result"),
    [
        (429, 5.0, 6.0, "busy"),
        (503, None, 1.0, "busy"),
        (503, 5.0, 6.0, "busy"),
        (500, None, 1.0, "failed"),
        (404, None, 1.0, "failed"),
        (401, None, 1.0, "failed"),
        (302, None, 1.0, "failed"),
    ],
)
def test_not_now(bench: Bench, status: int, retry_after: float | None, expected: float, result: str) -> None:
    bench.collect()
    bench.next()
    bench.answer(status, {"error": "no"}, retry_after)
    assert bench.wait() == pytest.approx(expected)
    assert bench.pusher.counters.messages[result] == 1
    bench.deliver_all()
    assert bench.everything_arrived()


def test_waits_grow_and_live_frames_go_first_after_them(bench: Bench) -> None:
    bench.collect()
    for expected in (1, 2, 4, 8, 16, 32, 60, 60):
        bench.next()
        bench.pusher.failed("no answer", bench.now)
        assert bench.wait() == pytest.approx(expected)
        bench.clock.advance(expected * 1000)
    bench.collect()
    assert sequences(bench.deliver()) == [2]
    bench.deliver_all()
    assert bench.everything_arrived()


def test_an_answer_that_is_no_servers_is_no_acknowledgement(bench: Bench) -> None:
    bench.collect()
    bench.next()
    bench.pusher.answered(Answer(200, b"<html>Log in to the hotel's network</html>"), bench.now)
    assert bench.spool.waiting(SERVER) == 1
    assert bench.wait() > 0


def test_a_lost_answer_is_not_stored_twice(bench: Bench) -> None:
    bench.collect()
    bench.server.take(bench.next().body)
    bench.pusher.failed("no answer", bench.now)
    bench.collect()
    bench.deliver_all()
    assert bench.everything_arrived()
    assert bench.server.repeated == 1


def test_a_refused_frame_is_found_and_given_up_alone(bench: Bench) -> None:
    for _ in range(9):
        bench.collect()
    bad = 4
    while not isinstance(todo := bench.pusher.next(bench.now), Wait) or not math.isinf(todo.until):
        if isinstance(todo, Wait):
            bench.clock.advance(60_000)
        elif bad in sequences(todo):
            bench.answer(400, {"error": "malformed"})
        else:
            bench.pusher.answered(bench.server.take(todo.body), bench.now)
    assert sorted(sequence for _, sequence in bench.server.stored) == [1, 2, 3, 5, 6, 7, 8, 9]
    assert bench.spool.stats.dropped_frames["refused"] == 1
    assert bench.spool.waiting(SERVER) == 0


def test_events_travel_with_their_frame(bench: Bench) -> None:
    """Live, and out of the backlog."""
    event = Event(1, "ipmi", Severity.WARNING, "PS2: input lost")
    bench.collect(events=[event])
    bench.collect()
    live, backlog = bench.deliver(), bench.deliver()
    assert [dict(opened(push).events) for push in (live, backlog)] == [{}, {1: (event,)}]
    assert bench.everything_arrived()
    assert bench.pusher.counters.events == 1


def test_refused_events_do_not_take_their_frame_along(bench: Bench) -> None:
    """As by a server that does not know events yet."""
    bench.collect(events=[Event(1, "ipmi", Severity.WARNING, "PS2: input lost")])
    assert opened(bench.next()).events
    bench.answer(400, {"error": "not a message of frames"})
    assert not opened(bench.deliver()).events
    assert bench.everything_arrived()
    assert bench.spool.stats.dropped_events["refused"] == 1
    assert bench.pusher.counters.events == 0


def test_a_proxy_that_refuses_costs_nothing(bench: Bench) -> None:
    bench.collect()
    for _ in range(5):
        bench.next()
        bench.pusher.answered(Answer(400, b"<html>"), bench.now)
        bench.clock.advance(60_000)
    bench.deliver_all()
    assert bench.everything_arrived()


def test_too_large_messages_are_halved_and_grow_again(bench: Bench) -> None:
    for _ in range(20):
        bench.collect()
    bench.deliver()
    count = len(bench.next().frames)
    bench.answer(413, {"error": "too large"})
    bench.clock.advance(60_000)
    halved = bench.deliver()
    assert len(halved.frames) <= count // 2 + 1
    bench.deliver_all()
    assert bench.everything_arrived()


def test_after_a_power_cut_old_and_new_generations_go_in_messages_of_their_own(
    bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(3):
        bench.collect()
    bench.spool.abandon()
    monkeypatch.setattr("vedette_agent.spool.spool._boot_id", lambda: "another")
    collected, server = bench.collected, bench.server
    bench = Bench(tmp_path)
    bench.collected, bench.server = collected, server
    for _ in range(3):
        bench.collect()
    bench.deliver_all()
    assert bench.everything_arrived()
    assert len({generation for generation, _ in server.stored}) == 2


def test_an_hour_without_the_server_which_comes_back_empty(tmp_path: Path) -> None:
    """Four kinds of trouble for a quarter of an hour each; then live frames first and the backlog at its rate."""
    bench = Bench(tmp_path, PushLimits(catch_up_bytes_per_s=16_000))
    bench.collect()
    bench.deliver()
    end = bench.now + 3600
    troubles = iter([429, 500, 0, 503] * 10_000)
    attempts = 0
    while bench.now < end:
        for _ in range(14):
            bench.clock.advance(1_000)
            if isinstance(bench.pusher.next(bench.now), Push):
                attempts += 1
                if status := next(troubles):
                    bench.answer(status, {"error": "no"})
                else:
                    bench.pusher.failed("no answer", bench.now)
        bench.collect()
    assert 60 < attempts < 120
    assert bench.spool.waiting(SERVER) == 240
    bench.server.lose_everything()
    back = bench.now
    pushes = bench.deliver_all()
    assert sequences(next(push for push in pushes if push.is_live)) == [241]
    assert bench.everything_arrived()
    assert bench.server.repeated == 0
    raw = sum(push.raw_bytes for push in pushes[2:-1])
    assert bench.now - back == pytest.approx(raw / 16_000, abs=61)


def test_clock_steps_lose_nothing(bench: Bench) -> None:
    for step in (0, 3_600_000, -7_200_000, 1, -1_000, 0):
        bench.clock.step(step)
        bench.collect()
        bench.collect()
        bench.deliver()
    bench.deliver_all()
    assert bench.everything_arrived()
    assert bench.server.repeated == 0


STEPS = ("collect", "collect ipmi", "other layout", "deliver", "lost answer", "no answer", "busy")
FAULTS = ("lose memory", "lose everything", "kill agent", "stop agent", "time")
steps = st.lists(st.sampled_from((*STEPS, *FAULTS)), max_size=60)


@given(steps)
@settings(max_examples=100, deadline=None)
def test_whatever_happens_nothing_is_lost(tmp_path_factory: pytest.TempPathFactory, story: list[str]) -> None:
    """An agent that dies and a server that dies, in any order: in the end every frame is there, bit for bit."""
    folder = tmp_path_factory.mktemp("story")
    bench = Bench(folder)
    for step in story:
        if step in ("kill agent", "stop agent"):
            bench.spool.abandon() if step == "kill agent" else bench.spool.close()
            survivor = Bench(folder)
            survivor.collected, survivor.server, survivor.clock = bench.collected, bench.server, bench.clock
            bench = survivor
        elif step.startswith("collect"):
            bench.collect("ipmi" if "ipmi" in step else "node")
        elif step == "other layout":
            bench.collect(layout=LAYOUTS[1])
        elif step == "lose memory":
            bench.server.lose_memory()
        elif step == "lose everything":
            bench.server.lose_everything()
        elif step == "time":
            bench.clock.advance(5_000)
        elif isinstance(push := bench.pusher.next(bench.now), Push):
            if step in ("deliver", "lost answer"):
                answer = bench.server.take(push.body)
            if step == "deliver":
                bench.pusher.answered(answer, bench.now)
            elif step == "busy":
                bench.answer(503, {"error": "busy"}, 2.0)
            else:
                bench.pusher.failed("no answer", bench.now)
    bench.deliver_all()
    assert bench.everything_arrived()
    bench.spool.abandon()


def test_ids_of_a_push(bench: Bench) -> None:
    stored = bench.collect()
    assert bench.next().ids == [FrameId(stored.generation, 1)]
