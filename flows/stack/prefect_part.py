"""The Prefect server as a part: the local one, shared with other commands, or one that somebody else runs."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import httpx

from flows.local_prefect import LocalServer
from flows.prefect_server import START_SECONDS, PrefectServer
from flows.stack.part import Part
from flows.watch.background import in_background

if TYPE_CHECKING:
    from flows.local_prefect import RunningServer
    from flows.server_environment import Address
    from lineage_core.settings import Settings

NAME = "prefect"

_ANSWER_SECONDS = 5.0
_LOOK_AGAIN_SECONDS = 0.1


class LocalPrefect(Part):
    """The local server. It keeps its address however often it is restarted."""

    name = NAME

    def __init__(self, settings: Settings, address: Address) -> None:
        self._local = LocalServer(settings)
        self.address = address
        self.url = address.public_url
        self._entering: asyncio.Task[RunningServer] | None = None

    @property
    def api_url(self) -> str:
        """Where programs on this machine reach it."""
        return self.address.api_url

    async def start(self) -> None:
        """Start it, or join the users of the one that runs."""
        await self._leave(0.0)  # of one that has ended
        self._entering = asyncio.create_task(in_background(lambda: self._local.enter(self.address)))
        running = await asyncio.shield(self._entering)
        self.address, self.process = running.address, running.process
        self.url = running.address.public_url
        server = PrefectServer(running.api_url, (self._local, running))
        async with httpx.AsyncClient(trust_env=False, timeout=_ANSWER_SECONDS) as client:
            end = asyncio.get_running_loop().time() + START_SECONDS
            while not await healthy(client, server.api_url):
                if running.process.find() is None or asyncio.get_running_loop().time() > end:
                    raise server.silence()
                await asyncio.sleep(_LOOK_AGAIN_SECONDS)

    async def answers(self) -> bool:
        """Whether it says that it is well."""
        async with httpx.AsyncClient(trust_env=False, timeout=_ANSWER_SECONDS) as client:
            return await healthy(client, self.address.api_url)

    async def stop(self, seconds: float) -> None:
        """Leave it; the last user stops it."""
        await self._leave(seconds)

    async def _leave(self, seconds: float) -> None:
        entering, self._entering = self._entering, None
        if entering is None:
            return
        await asyncio.wait([entering])  # a start that is called off meanwhile still makes a server
        if entering.exception() is None:
            await in_background(lambda: self._local.leave(seconds))


class ForeignPrefect(Part):
    """The server of PREFECT_API_URL: asked whether it is there, and left as it is."""

    name = NAME
    ours = False

    def __init__(self, settings: Settings) -> None:
        self._server = PrefectServer(settings.prefect_api_url.rstrip("/"))
        self.url = self._server.ui_url
        self.api_url = self._server.api_url

    async def start(self) -> None:
        """Look whether it is there."""
        await in_background(self._server.wait)

    async def answers(self) -> bool:
        """Whether it answers, be it that it wants a login."""
        async with httpx.AsyncClient(timeout=_ANSWER_SECONDS) as client:
            try:
                await client.get(f"{self._server.api_url}/health")
            except httpx.HTTPError:
                return False
        return True

    async def stop(self, seconds: float) -> None:
        """It is not ours."""


async def healthy(client: httpx.AsyncClient, api_url: str) -> bool:
    """Whether a Prefect server says that it is well."""
    try:
        return (await client.get(f"{api_url}/health")).is_success
    except (httpx.HTTPError, httpx.InvalidURL):
        return False
