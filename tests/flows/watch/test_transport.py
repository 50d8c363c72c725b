"""A server whose database is busy for a moment is asked again at once."""

from __future__ import annotations

import asyncio
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING

import httpx
import pytest

from flows.watch.transport import EagerTransport

if TYPE_CHECKING:
    from collections.abc import Iterator


class Busy(BaseHTTPRequestHandler):
    """Refuses the first requests of a server, and keeps what it was sent."""

    refuse = 0
    bodies: list[bytes]

    def do_POST(self) -> None:
        """Answer."""
        kind = type(self)
        kind.bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
        self.send_response(503 if len(kind.bodies) <= kind.refuse else 201)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def busy() -> Iterator[tuple[type[Busy], str]]:
    """A server, and its address."""
    kind = type("Handler", (Busy,), {"bodies": []})
    with HTTPServer(("127.0.0.1", 0), kind) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield kind, f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


def posted(url: str) -> int:
    async def post() -> int:
        async with httpx.AsyncClient(transport=EagerTransport()) as client:
            return (await client.post(url, json={"paths": ["a.sql"]})).status_code

    return asyncio.run(post())


def test_a_request_that_was_refused_is_sent_again_as_it_was(busy: tuple[type[Busy], str]) -> None:
    kind, url = busy
    kind.refuse = 2
    assert posted(url) == 201
    assert kind.bodies == [b'{"paths":["a.sql"]}'] * 3


def test_a_server_that_stays_busy_is_told_of(busy: tuple[type[Busy], str]) -> None:
    kind, url = busy
    kind.refuse = 100
    assert posted(url) == 503
    assert len(kind.bodies) == 5
