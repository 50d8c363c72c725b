"""The most memory that an ingest and its workers held together."""

from __future__ import annotations

import os
import threading
import time
from typing import TYPE_CHECKING, Self

import psutil

from lineage_core.ingest.memory import held, resident

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType

_EVERY_SECONDS = 0.5
_GROWTH = 1.02
_THOROUGH_EVERY_SECONDS = 10.0


class PeakMemory:
    """Looks every half second while its block runs. `peak` is in bytes, memory that processes share counted once.

    To count that once takes the kernel a walk over all pages of a process, 4 to 20 ms. That is done only if the
    processes have grown by 2 % since, shared memory counted for each, and every 10 s.

    Servers that this process started (Neo4j, Prefect) are not counted: they run in sessions of their own.
    """

    def __init__(self) -> None:
        self.peak = 0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="peak-memory", daemon=True)

    def __enter__(self) -> Self:
        """Begin."""
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End."""
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        grown, thorough = 0.0, 0.0
        while True:
            pids = list(_own_processes())
            size, now = sum(resident(pid) for pid in pids), time.monotonic()
            if size > grown or now > thorough:
                self.peak = max(self.peak, sum(held(pid) for pid in pids))
                grown, thorough = max(grown, size * _GROWTH), now + _THOROUGH_EVERY_SECONDS
            if self._over.wait(_EVERY_SECONDS):
                return


def _own_processes() -> Iterator[int]:
    session = os.getsid(0)
    yield os.getpid()
    for child in psutil.Process().children(recursive=True):
        try:
            if os.getsid(child.pid) == session:
                yield child.pid
        except ProcessLookupError:
            continue
