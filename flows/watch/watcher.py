"""The watch itself: its parts, each a task of one event loop, until it is cancelled."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from flows.watch.backoff import Backoff
from flows.watch.board import Board
from flows.watch.changes import Changes
from flows.watch.comparisons import Comparisons
from flows.watch.events import events
from flows.watch.flushing import answer_requests
from flows.watch.inbox import Inbox
from flows.watch.outbox import Outbox

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from watchfiles.main import FileChange

    from flows.watch.roots import Root
    from flows.watch.state import StateFile, WatchState
    from flows.watch.trigger import Trigger
    from lineage_core.settings import Settings

SECOND_LOOK_SECONDS = 1.0
"""After a new folder was seen: by then the kernel watches it."""

_ROOT_SECONDS = 1.0
_AGAIN = (0.5, 30.0)


class Watcher:
    """Watches folders of one project.

    Args:
        settings: of the project and the watch.
        roots: the folders.
        trigger: makes the runs.
        file: where the state is kept.
        state: as it begins; what is pending in it is taken up.
    """

    def __init__(
        self, settings: Settings, roots: Sequence[Root], trigger: Trigger, file: StateFile, state: WatchState
    ) -> None:
        self._settings = settings
        self._roots = roots
        self._trigger = trigger
        self._requests = file.requests
        tops = [root.path for root in roots]
        self._changes = Changes(settings, tops)
        self._board = Board(file, state, lambda: self._inbox.pending | self._outbox.due)
        self._outbox = Outbox(trigger, tops, self._board)
        self._inbox = Inbox(settings, roots, self._outbox.put, self._board.changed)
        self._comparisons = Comparisons(
            settings, roots, trigger, self._board, add=self._add_found, know=self._changes.know
        )

    async def run(self) -> None:
        """Watch until cancelled; what is pending then is kept for the next watcher."""
        self._inbox.add(self._board.state.pending)
        self._outbox.put(())  # a batch that was being sent
        try:
            async with asyncio.TaskGroup() as group:
                for root in self._roots:
                    group.create_task(self._watch(root))
                for part in (self._inbox, self._outbox, self._comparisons, self._board):
                    group.create_task(part.run())
                group.create_task(answer_requests(self._requests, self._inbox, self._outbox, self._board))
        finally:
            self._board.keep()
            await self._trigger.close()

    def _add_found(self, paths: Iterable[str]) -> None:
        """What a comparison found. What waits already is no change that could hold the window open."""
        self._inbox.add(set(paths) - self._inbox.pending - self._outbox.due)

    async def _watch(self, root: Root) -> None:
        again = Backoff(*_AGAIN)
        while True:
            await self._until_there(root)
            try:
                async for changes, incomplete in events(root, self._settings):
                    self._see(changes)
                    if incomplete:
                        self._comparisons.soon()
                    else:
                        again.reset()
            # The one boundary to the watch: however it breaks, it is made anew, and the tree compared with the graph.
            except Exception as error:  # noqa: BLE001
                self._board.failed(f"The watch of {root.path} broke and is made anew", error)
                await asyncio.sleep(again.next())

    async def _until_there(self, root: Root) -> None:
        while not root.is_there():
            self._board.missing(root.path, there=False)
            await asyncio.sleep(_ROOT_SECONDS)
        self._board.missing(root.path, there=True)
        self._inbox.back(root)

    def _see(self, changes: set[FileChange]) -> None:
        if not changes:
            return
        seen = self._changes.of(changes)
        if seen.paths:
            self._inbox.add(seen.paths)
        for folder, files in seen.folders.items():
            asyncio.get_running_loop().call_later(SECOND_LOOK_SECONDS, self._look_again, folder, files)

    def _look_again(self, folder: str, files: set[str]) -> None:
        more = self._changes.below(folder) - files
        if more:
            self._inbox.add(more)
