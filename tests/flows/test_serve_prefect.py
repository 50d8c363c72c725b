"""What the local Prefect server refuses as too busy is tried again by itself."""

from __future__ import annotations

import asyncio
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


class BusyError(Exception):
    """What the server's database says."""


class Server:
    """Refuses the first requests as Prefect's does, by a handler of exceptions, then answers with what it was sent."""

    def __init__(self, refusals: int, error: type[Exception] = BusyError) -> None:
        self.left = refusals
        self.error = error
        self.seen: list[str] = []

    async def answer(self, request: Request) -> PlainTextResponse:
        """A refusal, or what it was sent."""
        self.seen.append(f"{request.path_params['name']}: {(await request.body()).decode()}")
        if self.left:
            self.left -= 1
            raise self.error
        return PlainTextResponse(self.seen[-1], 201)

    @staticmethod
    async def refuse(_: Request, error: Exception) -> PlainTextResponse:
        """What is said of an exception."""
        if isinstance(error, BusyError):
            return PlainTextResponse("busy", 503)
        return PlainTextResponse("failed", 500)

    async def asked(self, body: str) -> httpx.Response:
        """Its answer to a request, by way of who asks again."""
        route = Route("/{name}", self.answer, methods=["POST"])
        app = AskAgain(Starlette(routes=[route], exception_handlers={Exception: self.refuse}))
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)  # as uvicorn, which logs them
        async with httpx.AsyncClient(transport=transport, base_url="http://server") as client:
            return await client.post("/runs", content=body)


async def test_a_request_is_tried_again_with_all_that_was_sent() -> None:
    server = Server(refusals=2)
    answer = await server.asked("x" * 100_000)
    assert (answer.status_code, answer.text) == (201, "runs: " + "x" * 100_000)
    assert server.seen == ["runs: " + "x" * 100_000] * 3


async def test_who_stays_busy_says_so_after_six_tries() -> None:
    server = Server(refusals=9)
    answer = await server.asked("x")
    assert (answer.status_code, answer.text) == (503, "busy")
    assert len(server.seen) == 6


async def test_any_other_failure_is_not_tried_again() -> None:
    server = Server(refusals=9, error=ValueError)
    answer = await server.asked("x")
    assert (answer.status_code, answer.text) == (500, "failed")
    assert len(server.seen) == 1


async def test_an_answer_in_parts_is_passed_on_as_it_comes() -> None:
    async def parts(_: Request) -> StreamingResponse:
        async def each() -> AsyncIterator[str]:
            yield "a"
            yield "b"

        return StreamingResponse(each())

    app = AskAgain(Starlette(routes=[Route("/", parts)]))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://server") as client:
        assert (await client.get("/")).text == "ab"


async def test_forty_writes_at_once_are_not_refused(prefect_api: str) -> None:
    async with httpx.AsyncClient(base_url=prefect_api, timeout=60) as client:
        token = (await client.get("/csrf-token", params={"client": "test"})).json()["token"]
        client.headers.update({"Prefect-Csrf-Client": "test", "Prefect-Csrf-Token": token})
        flow = (await client.post("/flows/", json={"name": "busy"})).json()["id"]

        async def write() -> int:
            state = {"type": "COMPLETED"}
            return (await client.post("/flow_runs/", json={"flow_id": flow, "state": state})).status_code

        assert await asyncio.gather(*(write() for _ in range(40))) == [201] * 40
        await client.delete(f"/flows/{flow}")
