"""A connection to Prefect's server that asks again at once where the server's database was busy for a moment."""

from __future__ import annotations

import asyncio

import httpx

_BUSY = 503
_PAUSES = (0.05, 0.1, 0.2, 0.4)
"""Seconds between tries."""


class EagerTransport(httpx.AsyncHTTPTransport):
    """On SQLite two writes of the server can get in each other's way: one is refused (503), and goes through a moment
    later. Prefect's client waits two seconds for that, which a saved file would be on its way longer.
    """

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """The answer of the first try that was not refused so, else of the last."""
        for pause in _PAUSES:
            response = await super().handle_async_request(request)
            if response.status_code != _BUSY:
                return response
            await response.aclose()
            await asyncio.sleep(pause)
        return await super().handle_async_request(request)
