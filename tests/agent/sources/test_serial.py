"""Steps run one after another in a thread; one that overruns is left behind and harms no other."""

import threading
import time

import trio

from vedette_agent.sources.serial import Outcome, OverrunError, SerialRunner, Step


def summary(outcomes: list[Outcome[int]]) -> list[tuple[str, int | str | None]]:
    return [(o.name, type(o.error).__name__ if o.error is not None else o.value) for o in outcomes]


def failing() -> int:
    raise OSError("no such file")


async def test_steps_in_order_in_one_thread_that_stays() -> None:
    threads: list[threading.Thread] = []

    def note() -> int:
        threads.append(threading.current_thread())
        return len(threads)

    runner: SerialRunner[int] = SerialRunner("test")
    for _ in range(2):
        outcomes = await runner.run([Step("a", note), Step("bad", failing), Step("c", note)], 5)
        assert [name for name, _ in summary(outcomes)] == ["a", "bad", "c"]
        assert summary(outcomes)[1] == ("bad", "OSError")
    assert len(set(threads)) == 1
    assert threads[0] is not threading.main_thread()
    runner.close()
    threads[0].join(5)
    assert not threads[0].is_alive()


async def test_no_steps() -> None:
    assert await SerialRunner[int]("test").run([], 1) == []


async def test_one_that_hangs_costs_its_deadline_once() -> None:
    release = threading.Event()
    calls: list[str] = []

    def hang() -> int:
        calls.append("hang")
        release.wait()
        return 1

    def work() -> int:
        calls.append("work")
        return 2

    steps = [Step("before", work), Step("hang", hang), Step("after", work)]
    runner: SerialRunner[int] = SerialRunner("test")
    expected = [("before", 2), ("hang", "OverrunError"), ("after", 2)]
    assert summary(await runner.run(steps, 0.05)) == expected
    start = time.monotonic()
    outcomes = await runner.run(steps, 30)
    assert time.monotonic() - start < 15
    assert summary(outcomes) == expected
    assert "has not come back" in str(outcomes[1].error)
    assert calls.count("hang") == 1
    release.set()
    for _ in range(500):
        await trio.sleep(0.01)
        last = summary(await runner.run(steps, 5))
        if last == [("before", 2), ("hang", 1), ("after", 2)]:
            break
    assert last == [("before", 2), ("hang", 1), ("after", 2)]
    runner.close()


async def test_several_that_hang() -> None:
    release = threading.Event()
    steps = [Step(name, lambda: int(release.wait())) for name in "abc"] + [Step("d", lambda: 4)]
    runner: SerialRunner[int] = SerialRunner("test")
    outcomes = await runner.run(steps, 0.02)
    assert [type(o.error) for o in outcomes] == [OverrunError] * 3 + [type(None)]
    release.set()
    runner.close()


async def test_a_cancelled_run_leaves_the_step_at_hand_behind() -> None:
    release = threading.Event()
    steps = [Step("hang", lambda: int(release.wait())), Step("next", lambda: 2)]
    runner: SerialRunner[int] = SerialRunner("test")
    with trio.move_on_after(0.05):
        await runner.run(steps, 30)
    assert summary(await runner.run(steps, 5)) == [("hang", "OverrunError"), ("next", 2)]
    release.set()
    runner.close()
