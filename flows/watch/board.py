"""What the watcher tells: its log for who reads along, its state file for who asks later and for its successor."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from flows.watch.state import Batch, Moment, StateFile, WatchState
from lineage_core.errors import LineageError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

KEEP_SECONDS = 0.25
"""Between two writes of the file. What a killed watcher saw in that time, the comparison at the next start finds."""

_log = logging.getLogger(__name__)


class Board:
    """Keeps the state file up to date.

    Args:
        file: where to.
        state: as it begins; this object is kept current.
        pending: asks for the paths that no run has been asked for, whenever the file is written.
    """

    def __init__(self, file: StateFile, state: WatchState, pending: Callable[[], Collection[str]]) -> None:
        self.state = state
        self._file = file
        self._pending = pending
        self._changed = asyncio.Event()
        self._warned = ""

    def changed(self) -> None:
        """Something that the file tells has changed."""
        self._changed.set()

    def failed(self, doing: str, error: BaseException) -> str:
        """Something went wrong and is tried again: in words. The log has it once, until something works again."""
        message = f"{doing}: {_told(error)}"
        if message != self._warned:
            _log.warning("%s", message)
            self._warned = message
        self.state.last_error = Moment(message=message)
        self.changed()
        return message

    def held(self, reason: str) -> None:
        """Changes wait for `reason`; empty: not any more."""
        if reason != self.state.held:
            if reason:
                _log.info("%s", reason)
            self.state.held = reason
            self.changed()

    def sending(self, batch: Batch) -> None:
        """The batch is on its way. On disk before it is sent: who sends it again has to know its key."""
        self.state.batch = batch
        self.keep()

    def triggered(self, batch: Batch, name: str) -> None:
        """A run was made of the batch."""
        paths = "1 path" if len(batch.paths) == 1 else f"{len(batch.paths)} paths"
        self._warned = ""
        self.state.batch = None
        self.state.last_trigger = Moment(message=f"{name}, {paths}")
        _log.info("Run %s for %s: %s%s", name, paths, batch.paths[0], " ..." if len(batch.paths) > 1 else "")
        self.keep()

    def reconciled(self, files: int, differing: int, gone: int) -> None:
        """The tree was compared with the graph."""
        message = f"{files:,} files compared with the graph: {differing:,} differ, {gone:,} are gone"
        _log.log(logging.INFO if differing or gone else logging.DEBUG, "%s", message)
        self._warned = ""
        self.state.last_reconcile = Moment(message=message)
        self.changed()

    def missing(self, root: str, *, there: bool) -> None:
        """A root is there again, or is not."""
        if there and root in self.state.missing:
            self.state.missing.remove(root)
            _log.info("%s is there again.", root)
        elif not there and root not in self.state.missing:
            self.state.missing.append(root)
            _log.warning("%s is not there; nothing counts as deleted until it is back. Is its drive mounted?", root)
        self.changed()

    def keep(self) -> None:
        """Write the file now."""
        self._changed.clear()
        self.state.pending = sorted(self._pending())
        try:
            self._file.keep(self.state)
        except OSError as error:  # a full disk must not end the watch
            _log.warning("The watcher's state cannot be kept in the data folder: %s", error)

    async def run(self) -> None:
        """Write the file soon after each change."""
        while True:
            await self._changed.wait()
            self.keep()
            await asyncio.sleep(KEEP_SECONDS)


def _told(error: BaseException) -> str:
    """An error in one line. anyio raises what happened on another thread in a group of one."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    if isinstance(error, LineageError):
        return f"{error.message.splitlines()[0]} {error.hint}"
    if isinstance(error, TimeoutError):
        return "no answer in time"
    if "watch limit" in str(error):
        return f"{error} Raise fs.inotify.max_user_watches (sysctl), or set WATCH_FORCE_POLLING."
    return f"{type(error).__name__}: {error}".splitlines()[0]
