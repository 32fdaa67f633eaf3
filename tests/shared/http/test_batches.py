"""What is served in batches is answered as if alone; ``test_serve`` has what is common to both servers."""

from collections.abc import Sequence
from functools import partial

import trio

from vedette_shared.addresses import Address
from vedette_shared.http import BatchHandler, Client, Gather, Request, Response, serve_batches
from vedette_shared.listening import bound_address, listen_on


async def post_at_once(handler: BatchHandler, bodies: Sequence[bytes]) -> list[tuple[int, bytes]]:
    """Post each of the bodies by a client of its own, all within the time that a batch is gathered."""
    listener = listen_on(Address("127.0.0.1", 0))
    url = f"http://{bound_address(listener)}"
    answers: dict[bytes, tuple[int, bytes]] = {}

    async def post(body: bytes) -> None:
        client = Client(url)
        answer = await client.request("POST", "/", {}, body)
        answers[body] = (answer.status, answer.body)
        await client.aclose()

    async with trio.open_nursery() as nursery:
        await nursery.start(partial(serve_batches, handler, [listener], gather=Gather(0.2, 0.2)))
        async with trio.open_nursery() as clients:
            for body in bodies:
                clients.start_soon(post, body)
        nursery.cancel_scope.cancel()
    return [answers[body] for body in bodies]


async def test_clients_share_a_batch_and_each_gets_its_own_answer() -> None:
    batches = []

    async def handle(requests: Sequence[Request]) -> list[Response]:
        batches.append(sorted(request.body for request in requests))
        return [Response(200, request.body * 2) for request in requests]

    bodies = [b"%d" % number for number in range(10, 30)]
    assert await post_at_once(handle, bodies) == [(200, body * 2) for body in bodies]
    assert batches == [bodies]


async def test_a_request_that_the_handler_fails_at_harms_no_other() -> None:
    async def handle(requests: Sequence[Request]) -> list[Response]:
        if any(request.body == b"poison" for request in requests):
            raise RuntimeError("a defect")
        return [Response(200, request.body) for request in requests]

    bodies = [b"a", b"poison", b"b"]
    failed = (500, b"internal error; the log has more\n")
    assert await post_at_once(handle, bodies) == [(200, b"a"), failed, (200, b"b")]
