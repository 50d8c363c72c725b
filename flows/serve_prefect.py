"""The local Prefect server: what its database was busy for it tries again itself, before a client hears of it.

On SQLite two writes can get in each other's way. The server refuses one of them, which would go through a moment later,
and Prefect's client, in a worker or a flow run, waits two seconds then.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import uvicorn
from prefect.server.api.server import create_app
from prefect.settings import get_current_settings

if TYPE_CHECKING:
    from collections.abc import MutableMapping
    from typing import Any

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

_BUSY = 503
_PAUSES = (0.02, 0.05, 0.1, 0.2, 0.4)
"""Seconds before each further try."""


class AskAgain:
    """Around an ASGI app: a request that it refuses as too busy is given to it again. The last refusal is passed on.

    Those that were refused are tried one at a time: together they would get in each other's way again.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._turn = asyncio.Lock()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = _Request(receive)
        if await self._answered(scope, request, send):
            return
        async with self._turn:
            for pause in _PAUSES[:-1]:
                await asyncio.sleep(pause)
                if await self._answered(scope, request, send):
                    return
            await asyncio.sleep(_PAUSES[-1])
            await self._app(scope, request.receiver(), send)

    async def _answered(self, scope: Scope, request: _Request, send: Send) -> bool:
        """One try; False if it was refused."""
        answer = _Answer(send)
        try:
            await self._app(dict(scope), request.receiver(), answer.send)
        except Exception:
            if not answer.refused:  # an app raises, for the log, what it has answered with a refusal
                raise
        return not answer.refused


class _Request:
    """What a client has sent, to be read as often as it is tried."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._read: list[Message] = []

    def receiver(self) -> Receive:
        """Gives it from the beginning."""
        place = 0

        async def receive() -> Message:
            nonlocal place
            if place == len(self._read):
                self._read.append(await self._receive())
            place += 1
            return self._read[place - 1]

        return receive


class _Answer:
    """Passes an answer on, unless it is a refusal."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.refused = False

    async def send(self, message: MutableMapping[str, Any]) -> None:
        """Take a part of it."""
        if message["type"] == "http.response.start":
            self.refused = message["status"] == _BUSY
        if not self.refused:
            await self._send(message)


def main() -> None:
    """Serve as `prefect server start` does; the settings come from the environment."""
    server = get_current_settings().server
    uvicorn.run(
        AskAgain(create_app(final=True)),
        host=server.api.host,
        port=server.api.port,
        timeout_keep_alive=server.api.keepalive_timeout,
        ws_ping_interval=server.api.websocket_ping_interval,
        ws_ping_timeout=server.api.websocket_ping_timeout,
        log_level=server.logging_level.lower(),
    )


if __name__ == "__main__":
    main()
