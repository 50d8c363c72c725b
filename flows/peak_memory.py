"""The most memory that an ingest and its workers held together."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING, Self

import psutil

from lineage_core.ingest.memory import held

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType

_EVERY_SECONDS = 0.5


class PeakMemory:
    """Looks every half second while its block runs. `peak` is in bytes, memory that processes share counted once.

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
        while True:
            self.peak = max(self.peak, sum(held(pid) for pid in _own_processes()))
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
