"""Closing the window by hand: the watcher's side of `lineage flush`."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from watchfiles import awatch

from flows.watch.requests import answer, waiting_requests

if TYPE_CHECKING:
    from pathlib import Path

    from flows.watch.board import Board
    from flows.watch.inbox import Inbox
    from flows.watch.outbox import Outbox

ARRIVE_SECONDS = 0.5
"""What was saved just before somebody asks to flush is still on its way from the kernel."""

SEND_SECONDS = 30.0
"""The first question to Prefect, which imports it, and the run: 2 s on a quiet machine."""

_LOOK_AGAIN_SECONDS = 0.05
_STEP_MS = 100
_NO_EVENTS_SECONDS = 1.0


async def answer_requests(folder: Path, inbox: Inbox, outbox: Outbox, board: Board) -> None:
    """Flush whenever somebody asks for it, for ever.

    Args:
        folder: of the requests; it must be there.
        inbox: whose window is closed.
        outbox: which then asks for a run.
        board: which knows how that went.
    """
    while True:
        try:
            await _flush(folder, inbox, outbox, board)
            async for _ in awatch(folder, step=_STEP_MS, watch_filter=None):
                await _flush(folder, inbox, outbox, board)
        # The one boundary to the folder: without it nobody can ask to flush, but the watch goes on.
        except Exception as error:  # noqa: BLE001
            board.failed("Requests to flush are looked for once a second only", error)
            await asyncio.sleep(_NO_EVENTS_SECONDS)


async def _flush(folder: Path, inbox: Inbox, outbox: Outbox, board: Board) -> None:
    asked = list(waiting_requests(folder))
    if not asked:
        return
    await asyncio.sleep(ARRIVE_SECONDS)
    count = len(inbox.pending | outbox.due)
    inbox.close()
    text = await _outcome(count, inbox, outbox, board) if count or not outbox.empty else "Nothing is waiting."
    for request in asked:
        answer(request, text)


async def _outcome(count: int, inbox: Inbox, outbox: Outbox, board: Board) -> str:
    paths = "1 path" if count == 1 else f"{count} paths"
    for _ in range(int(SEND_SECONDS / _LOOK_AGAIN_SECONDS)):
        if not inbox.pending - inbox.absent:
            if inbox.absent:
                return f"{len(inbox.absent)} of {paths} held back: {', '.join(board.state.missing)} is not there."
            if outbox.empty and board.state.last_trigger:
                return f"Triggered {board.state.last_trigger.message}."
            if board.state.held or outbox.trouble:
                return f"{paths} held back. {board.state.held or outbox.trouble}"
        await asyncio.sleep(_LOOK_AGAIN_SECONDS)
    return f"{paths} held back: Prefect has not answered yet."
