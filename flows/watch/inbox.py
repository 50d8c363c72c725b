"""Changed paths until they are handed on: in the window, or held while a file is written or a root is away."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from flows.watch.settle import LOOK_SECONDS, POLLED_SECONDS, moving
from flows.watch.window import Limits, Window
from lineage_core.metrics import WINDOW_FILES
from lineage_core.source.identity import inside

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from flows.watch.roots import Root
    from lineage_core.settings import Settings


class Inbox:
    """The window and what waits beside it.

    Args:
        settings: of the watch.
        roots: the watched folders.
        hand_on: takes the paths of each window that has closed.
        changed: told whenever `pending` has changed.
    """

    def __init__(
        self,
        settings: Settings,
        roots: Sequence[Root],
        hand_on: Callable[[Iterable[str]], None],
        changed: Callable[[], None],
    ) -> None:
        self._limits = Limits.of(settings)
        self._look = POLLED_SECONDS if settings.watch_force_polling else LOOK_SECONDS
        self._roots = roots
        self._hand_on = hand_on
        self._changed = changed
        self._window = Window(self._limits)
        self._closing: set[str] = set()
        self._absent: set[str] = set()
        self._moving_since: dict[str, float] = {}
        self._touched = asyncio.Event()
        self._by_hand = False

    @property
    def pending(self) -> set[str]:
        """Everything that was not handed on."""
        return {*self._window.paths, *self._closing, *self._absent}

    @property
    def absent(self) -> set[str]:
        """What waits for a root to come back."""
        return self._absent

    def add(self, paths: Iterable[str]) -> None:
        """Changes, now. A name that is not UTF-8 cannot travel; its folder says the same."""
        self._window.add({_encodable(path) for path in paths}, time.monotonic())
        self._touched.set()
        self._changed()

    def close(self) -> None:
        """Close the window by hand. What is being written goes along."""
        self._by_hand = True
        self._window.close()
        self._touched.set()

    def back(self, root: Root) -> None:
        """A root is there again: what waited for it goes on."""
        paths = {path for path in self._absent if inside(path, root.path)}
        self._absent -= paths
        self.add(paths)

    async def run(self) -> None:
        """Close windows as they become due, for ever."""
        while True:
            self._touched.clear()
            due = self._window.due()
            if due is None or due > time.monotonic():
                wait = None if due is None else due - time.monotonic()
                with suppress(TimeoutError):
                    async with asyncio.timeout(wait):
                        await self._touched.wait()
            else:
                await self._close_now()

    async def _close_now(self) -> None:
        self._closing = self._window.take()
        away = [root.path for root in self._roots if not root.is_there()]
        self._absent |= {path for path in self._closing if any(inside(path, top) for top in away)}
        self._closing -= self._absent
        WINDOW_FILES.observe(len(self._closing))
        written = await self._still_written()
        self._window.add(written, time.monotonic())
        self._hand_on(self._closing - written)
        self._closing = set()
        self._changed()

    async def _still_written(self) -> set[str]:
        """Files that are written to while their window closes: for the next one, but not longer than a window lasts."""
        if self._by_hand:
            self._by_hand = False
            return set()
        now = time.monotonic()
        written = await moving(self._closing, self._look)
        self._moving_since = {path: self._moving_since.get(path, now) for path in written}
        return {path for path, since in self._moving_since.items() if now - since < self._limits.max_wait}


def _encodable(path: str) -> str:
    while not _is_utf8(path):
        path = path.rpartition("/")[0]
    return path


def _is_utf8(path: str) -> bool:
    try:
        path.encode()
    except UnicodeEncodeError:
        return False
    return True
