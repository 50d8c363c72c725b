"""What the local Prefect server refuses as too busy is tried again by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse, StreamingResponse
from starlette.routing import Route

from flows.serve_prefect import AskAgain

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.requests import Request

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


class Server:
    """Refuses the first requests, then answers with what it was sent."""

    def __init__(self, refusals: int) -> None:
        self.left = refusals
        self.seen: list[str] = []

    async def answer(self, request: Request) -> PlainTextResponse:
        """A refusal, or what it was sent."""
        self.seen.append(f"{request.path_params['name']}: {(await request.body()).decode()}")
        if self.left:
            self.left -= 1
            return PlainTextResponse("busy", 503)
        return PlainTextResponse(self.seen[-1], 201)

    async def asked(self, body: str) -> httpx.Response:
        """Its answer to a request, by way of who asks again."""
        app = AskAgain(Starlette(routes=[Route("/{name}", self.answer, methods=["POST"])]))
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://server") as client:
            return await client.post("/runs", content=body)


async def test_a_request_is_tried_again_with_all_that_was_sent() -> None:
    server = Server(refusals=2)
    answer = await server.asked("x" * 100_000)
    assert (answer.status_code, answer.text) == (201, "runs: " + "x" * 100_000)
    assert server.seen == ["runs: " + "x" * 100_000] * 3


async def test_who_stays_busy_says_so_after_five_tries() -> None:
    server = Server(refusals=9)
    answer = await server.asked("x")
    assert (answer.status_code, answer.text) == (503, "busy")
    assert len(server.seen) == 5


async def test_an_answer_in_parts_is_passed_on_as_it_comes() -> None:
    async def parts(_: Request) -> StreamingResponse:
        async def each() -> AsyncIterator[str]:
            yield "a"
            yield "b"

        return StreamingResponse(each())

    app = AskAgain(Starlette(routes=[Route("/", parts)]))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://server") as client:
        assert (await client.get("/")).text == "ab"
