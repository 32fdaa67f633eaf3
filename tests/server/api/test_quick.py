"""Queries that are answered without a thread: which, and that nobody sees it."""

from __future__ import annotations

import pytest
import trio

from tests.server.api.app import Rig
from vedette_server.api import queries
from vedette_server.api.quick import LONGEST, NEARBY_MS, QUICK_S, REMEMBERED, Question, QuickQueries

QUESTION = Question("up", 3_600_000, 15_000, 300_000)
RANGE = {"query": "x_total", "start": "0", "end": "100", "step": "10"}
INSTANT = {"query": "sum(x_total)", "explain": "1"}


@pytest.mark.parametrize(
    ("seconds", "end", "expected"),
    [
        (QUICK_S, 1000, True),
        (QUICK_S, 1000 + NEARBY_MS, True),
        (QUICK_S, 1001 + NEARBY_MS, False),
        (QUICK_S, 999 - NEARBY_MS, False),
        (2 * QUICK_S, 1000, False),
    ],
)
def test_a_question_that_was_answered_quickly(seconds: float, end: int, expected: bool) -> None:
    """Over nearly the same stretch of time."""
    quick = QuickQueries()
    assert not quick.has(QUESTION, 1000)
    quick.note(QUESTION, 1000, seconds)
    assert quick.has(QUESTION, end) == expected


def test_the_last_answer_counts() -> None:
    """One that was slow, or too large, is not quick any more."""
    quick = QuickQueries()
    quick.note(QUESTION, 1000, 0)
    quick.note(QUESTION, 1000, 1)
    assert not quick.has(QUESTION, 1000)
    quick.note(QUESTION, 1000, 0)
    quick.forget(QUESTION)
    assert not quick.has(QUESTION, 1000)


def test_what_is_remembered_is_bounded() -> None:
    """In number and in length; the oldest one goes first."""
    quick = QuickQueries()
    questions = [Question(f"up == {i}", 0, 0, 1) for i in range(REMEMBERED + 1)]
    for question in questions:
        quick.note(question, 0, 0)
    assert [quick.has(question, 0) for question in questions] == [False] + [True] * REMEMBERED
    long = Question("1" * (LONGEST + 1), 0, 0, 1)
    quick.note(long, 0, 0)
    assert not quick.has(long, 0)


@pytest.mark.parametrize(("path", "parameters"), [("query_range", RANGE), ("query", INSTANT)])
async def test_the_answers_are_the_same(monkeypatch: pytest.MonkeyPatch, path: str, parameters: dict[str, str]) -> None:
    """With and without a thread, whatever is asked besides; the counters count both."""
    rig = Rig()
    answers = []
    async with rig.client() as client:
        for quick in (False, True):
            monkeypatch.setattr(QuickQueries, "has", lambda *_, quick=quick: quick)
            answer = (await client.get(f"/api/v1/{path}", params=parameters)).json()
            plan = answer["data"].pop("explain", [])
            answers.append((answer, [(part["expr"], part["samples"]) for part in plan]))
    assert answers[0] == answers[1]
    assert rig.running.counts == {(path, "success"): 2}


async def test_a_quick_query_needs_no_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is answered while all that may be evaluated at once are; but an error is told as ever."""
    monkeypatch.setattr(QuickQueries, "has", lambda *_: True)
    rig = Rig()
    async with rig.client() as client:
        for i in range(2):
            rig.running.limiter.acquire_on_behalf_of_nowait(i)
        with trio.fail_after(60):
            answer = await client.get("/api/v1/query_range", params=RANGE)
            wrong = await client.get("/api/v1/query", params={"query": "sum("})
    assert len(answer.json()["data"]["result"]) == 2
    assert (wrong.status_code, wrong.json()["errorType"]) == (400, "bad_data")


async def test_a_query_that_grew_goes_to_a_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    """More than is little: it is answered all the same, and is not tried again."""
    monkeypatch.setattr(queries, "LITTLE_SAMPLES", 3)
    monkeypatch.setattr(QuickQueries, "has", lambda *_: True)
    forgotten: list[Question] = []
    monkeypatch.setattr(QuickQueries, "forget", lambda _, question: forgotten.append(question))
    rig = Rig()
    async with rig.client() as client:
        answer = await client.get("/api/v1/query_range", params=RANGE)
    assert answer.status_code == 200
    assert len(answer.json()["data"]["result"]) == 2
    assert [question.text for question in forgotten] == ["x_total"]
    assert rig.running.counts == {("query_range", "success"): 1}
    assert not rig.running.refusals
