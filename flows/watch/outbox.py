"""From closed windows to runs: waits while Prefect is down or busy, merges what comes meanwhile, loses nothing."""

from __future__ import annotations

import asyncio
import uuid
from typing import TYPE_CHECKING

from flows.watch.backoff import Backoff
from flows.watch.state import Batch
from lineage_core.source.identity import inside

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from flows.watch.board import Board
    from flows.watch.trigger import Trigger

MAX_PATHS = 1_000
MAX_CHARACTERS = 200_000
"""A run with more paths, or longer ones, is given the watched folders instead: Prefect's parameters are small."""

_WAITS = "A run of this project has not begun yet; changes wait and go into the next one."
_LOOK_AGAIN = (0.25, 2.0)
_TRY_AGAIN = (0.5, 30.0)


class Outbox:
    """Paths whose window has closed.

    Args:
        trigger: makes the runs.
        tops: the watched folders.
        board: told what happens.
    """

    def __init__(self, trigger: Trigger, tops: Sequence[str], board: Board) -> None:
        self._trigger = trigger
        self._tops = tops
        self._board = board
        self._due: set[str] = set()
        self._filled = asyncio.Event()
        self.trouble = ""
        """Why the last try failed; empty if it did not."""

    @property
    def due(self) -> frozenset[str]:
        """Paths that are in no batch yet."""
        return frozenset(self._due)

    @property
    def empty(self) -> bool:
        """Whether everything has been handed to Prefect."""
        return not self._due and self._board.state.batch is None

    def put(self, paths: Iterable[str]) -> None:
        """Have a run look at the paths, the next one that can be made."""
        self._due |= set(paths)
        if not self.empty:
            self._filled.set()

    async def run(self) -> None:
        """Make runs, one after the other, for ever."""
        again = Backoff(*_TRY_AGAIN)
        while True:
            await self._filled.wait()
            try:
                await self._send(await self._next_batch())
            # The one boundary to Prefect: whatever it raises (no server, no deployment, a wrong login, a bug of its
            # client), the paths stay and are tried again.
            except Exception as error:  # noqa: BLE001
                self.trouble = self._board.failed("Prefect cannot be asked for a run, changes are kept", error)
                await asyncio.sleep(again.next())
            else:
                again.reset()
                self.trouble = ""
            if self.empty:
                self._filled.clear()

    async def _next_batch(self) -> Batch:
        """The batch that was being sent, or one of everything that is due once Prefect has room for a run."""
        if self._board.state.batch is not None:
            return self._board.state.batch
        look_again = Backoff(*_LOOK_AGAIN)
        while (await self._trigger.under_way()).full:
            self._board.held(_WAITS)
            await asyncio.sleep(look_again.next())
        self._board.held("")
        batch = Batch(key=uuid.uuid4().hex, paths=self._packed())
        self._due.clear()
        self._board.sending(batch)
        return batch

    async def _send(self, batch: Batch) -> None:
        name = await self._trigger.start(batch)
        self._board.triggered(batch, name)

    def _packed(self) -> list[str]:
        if len(self._due) <= MAX_PATHS and sum(map(len, self._due)) <= MAX_CHARACTERS:
            return sorted(self._due)
        return [top for top in self._tops if any(inside(path, top) for path in self._due)]
