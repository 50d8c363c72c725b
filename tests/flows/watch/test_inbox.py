"""What waits to be handed on, and how the waiting ends."""

from __future__ import annotations

import asyncio

from flows.watch.inbox import Inbox
from lineage_core.settings import Settings


def test_a_save_at_the_moment_of_the_end_does_not_hold_it_up() -> None:
    """Of `asyncio.wait_for` a cancellation is lost, up to Python 3.11, if what it waits for comes at the same moment."""

    async def ended() -> None:
        inbox = Inbox(Settings(), [], lambda _: None, lambda: None)
        running = asyncio.create_task(inbox.run())
        inbox.add(["a.sql"])
        await asyncio.sleep(0.01)  # so that it waits for the window
        inbox.add(["b.sql"])
        running.cancel()
        await asyncio.wait([running], timeout=2)
        assert running.cancelled()

    asyncio.run(ended())
