"""When the tree is compared with the graph: at the start, from time to time, and whenever events may be missing."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

from flows.watch.background import in_background
from flows.watch.backoff import Backoff
from flows.watch.reconcile import Reconciler

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from flows.watch.board import Board
    from flows.watch.roots import Root
    from flows.watch.trigger import Trigger
    from lineage_core.settings import Settings

_FIRST_SECONDS = 10.0
_AGAIN = (1.0, 60.0)
_LOOK_AGAIN = (0.5, 10.0)


class Comparisons:
    """Compares, over and over.

    Args:
        settings: of the project and the watch.
        roots: the watched folders; those that are away are left out.
        trigger: asked whether runs are under way, which may just be writing what differs.
        board: told what was found.
        add: takes the paths that differ.
        know: takes all files that were found.
    """

    def __init__(
        self,
        settings: Settings,
        roots: Sequence[Root],
        trigger: Trigger,
        board: Board,
        add: Callable[[Iterable[str]], None],
        know: Callable[[Iterable[str]], None],
    ) -> None:
        self._settings = settings
        self._roots = roots
        self._trigger = trigger
        self._board = board
        self._add = add
        self._know = know
        self._reconciler = Reconciler(settings)
        self._asked = asyncio.Event()
        self._scanned = False
        self._planning: asyncio.Task[None] | None = None

    def soon(self) -> None:
        """Events may be missing: compare as soon as possible."""
        self._asked.set()

    async def run(self) -> None:
        """Compare once the watch stands, then again and again."""
        again = Backoff(*_AGAIN)
        await self._wait(_FIRST_SECONDS)
        while True:
            self._asked.clear()
            try:
                await self._compare()
            # The one boundary to disk and database: whichever fails (no database, a root that goes meanwhile, a wrong
            # password), the watch goes on and the comparison is made later.
            except Exception as error:  # noqa: BLE001
                self._board.failed("The tree cannot be compared with the graph yet", error)
                await asyncio.sleep(again.next())
            else:
                again.reset()
                await self._wait(self._settings.watch_reconcile_seconds)

    async def _wait(self, seconds: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._asked.wait()

    async def _compare(self) -> None:
        marks = {root.path: root.mark() for root in self._roots if root.is_there()}
        if not marks:
            return
        if not self._scanned:  # without the database, the folders are known at least
            self._know(await in_background(partial(self._reconciler.files, list(marks))))
            self._scanned = True
        compare = partial(self._reconciler.compare, list(marks))
        found = await in_background(compare)
        if found.paths and await self._waited_for_runs():
            found = await in_background(compare)
        if any(root.path in marks and root.mark() != marks[root.path] for root in self._roots):
            self.soon()  # a root went meanwhile: its files only seem to be gone
            return
        self._board.reconciled(len(found.files), len(found.differing), len(found.gone))
        self._know(found.files)
        self._add(self._reconciler.offer(found.paths))
        if self._planning is None:
            self._planning = asyncio.create_task(self._plan_ahead(behind=bool(found.paths)))

    async def _plan_ahead(self, *, behind: bool) -> None:
        """Once no run has use for the database itself: a first ingest beside it takes a third longer."""
        if behind:
            await self._expected_a_run()
            await self._waited_for_runs()
        await in_background(self._reconciler.plan_ahead)

    async def _expected_a_run(self) -> None:
        """Wait until one is under way, for what was found just now; not for longer than a change waits for its run."""
        end = time.monotonic() + self._settings.watch_max_wait_seconds
        while time.monotonic() < end:
            if await self._busy():
                return
            await asyncio.sleep(_LOOK_AGAIN[0])

    async def _waited_for_runs(self) -> bool:
        """Wait while runs are under way, which may be writing what differs, for one round at most. False: none are."""
        look_again = Backoff(*_LOOK_AGAIN)
        end = time.monotonic() + self._settings.watch_reconcile_seconds
        waited = False
        while time.monotonic() < end and await self._busy():
            await asyncio.sleep(look_again.next())
            waited = True
        return waited

    async def _busy(self) -> bool:
        try:
            return (await self._trigger.under_way()).any
        except Exception:  # noqa: BLE001 - Prefect's boundary: the outbox says what is wrong, and retries
            return False
