"""Background tasks are started, stopped and waited for by name."""

from collections.abc import Awaitable, Callable

import trio

from vedette_agent.tasks import Tasks


async def test_tasks_are_stopped_by_name_and_the_others_run_on() -> None:
    story: list[str] = []

    def task(name: str) -> Callable[..., Awaitable[None]]:
        async def run(*, task_status: trio.TaskStatus[None]) -> None:
            story.append(f"{name} starts")
            task_status.started()
            try:
                await trio.sleep_forever()
            finally:
                story.append(f"{name} ends")

        return run

    async with trio.open_nursery() as nursery:
        tasks = Tasks(nursery)
        await tasks.start("a", task("a"))
        await tasks.start("b", task("b"))
        await tasks.stop("a", "unknown")
        assert story == ["a starts", "b starts", "a ends"]
        assert tasks.names == {"b"}
        await tasks.start("a", task("a"))
        nursery.cancel_scope.cancel()
    assert sorted(story[3:]) == ["a ends", "a starts", "b ends"]


async def test_a_task_that_ends_by_itself_can_be_stopped() -> None:
    async def run(*, task_status: trio.TaskStatus[None]) -> None:
        task_status.started()

    async with trio.open_nursery() as nursery:
        tasks = Tasks(nursery)
        await tasks.start("a", run)
        await trio.sleep(0.01)
        await tasks.stop("a")
