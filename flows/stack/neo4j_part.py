"""Neo4j as a part: the embedded server, or one that somebody else runs."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from flows.local_prefect import ProcessId
from flows.stack.part import Part
from flows.stack.processes import end, reap
from flows.watch.background import in_background
from lineage_core.errors import ServerError
from lineage_core.graph.connection import locate, open_driver
from lineage_core.graph.server.process import EmbeddedServer

if TYPE_CHECKING:
    from collections.abc import Callable

    from flows.stack.state import StackState
    from lineage_core.settings import Settings

NAME = "neo4j"

_ANSWER_SECONDS = 5.0
_LOOK_AGAIN_SECONDS = 0.1
_BOLT_PORT = 7687


class EmbeddedNeo4j(Part):
    """The embedded server. One that ran already is used, and stays when the stack stops.

    Args:
        settings: where it is.
        say: takes a line for people, such as that the jars are being fetched.
        before: a stack that was killed; the server that it started is ours now.
    """

    name = NAME

    def __init__(self, settings: Settings, say: Callable[[str], None], before: StackState | None) -> None:
        self._server = EmbeddedServer(settings)
        self._settings = settings
        self._say = say
        self.url = self._server.browser_url
        known = before.parts.get(NAME) if before else None
        running = self._running()
        left_behind = known is not None and known.ours and known.process == running
        self.ours = running is None or left_behind
        self._starting: asyncio.Task[object] | None = None
        self._given_up = False

    async def start(self) -> None:
        """Start it, or find it running."""
        self._starting = asyncio.create_task(in_background(lambda: self._server.start(self._progress)))
        await asyncio.shield(self._starting)
        self.process = self._running()

    async def answers(self) -> bool:
        """Whether its port takes connections."""
        return await reachable(self._server.bolt_uri)

    async def stop(self, seconds: float) -> None:
        """Stop it, also in the middle of its start, which cannot be called off but ends when its process does."""
        self._given_up = True
        deadline = asyncio.get_running_loop().time() + seconds
        if not self.ours:
            return
        while True:
            self._server.call_off()
            process = self._running()
            left = deadline - asyncio.get_running_loop().time()
            if process is not None:
                await end([process], max(left, 0.0))
                reap(process)
            if self._starting is None or self._starting.done() or left < 0:
                break
            await asyncio.wait([self._starting], timeout=_LOOK_AGAIN_SECONDS)
        if self._starting is not None and self._starting.done():
            self._starting.exception()  # it was stopped: what the start says of it does not matter
            await in_background(self._server.stop)

    def _running(self) -> ProcessId | None:
        pid = self._server.status().pid
        return ProcessId.of(pid) if pid else None

    def _progress(self, line: str) -> None:
        if self._given_up:
            raise ServerError("The start was called off.")
        self._say(line)


class ForeignNeo4j(Part):
    """The server of NEO4J_URI: checked, and left as it is."""

    name = NAME
    ours = False

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.url = settings.neo4j_uri

    async def start(self) -> None:
        """Look whether it lets us in."""
        await in_background(lambda: open_driver(locate(self._settings)).close())

    async def answers(self) -> bool:
        """Whether its port takes connections."""
        return await reachable(self.url)

    async def stop(self, seconds: float) -> None:
        """It is not ours."""


async def reachable(uri: str) -> bool:
    """Whether somebody takes connections at the port of an address."""
    where = urlsplit(uri)
    try:
        async with asyncio.timeout(_ANSWER_SECONDS):
            _, writer = await asyncio.open_connection(where.hostname, where.port or _BOLT_PORT)
    except (OSError, TimeoutError):
        return False
    writer.close()
    return True
