"""The pool of parser processes: work by batches, within the memory limit, and on past a process that dies."""

from __future__ import annotations

import os
import queue
import signal
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import TYPE_CHECKING, Generic, Self, TypeVar

from lineage_core.ingest.memory import Admission, MemoryGauge, resident
from lineage_core.ingest.worker import Worker

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from types import TracebackType

    from lineage_core.settings import Settings

PIECES_PER_WORKER = 3
"""A batch is cut into so many pieces for each worker, so that none waits long for the one with the large files."""

_BATCHES_AHEAD = 2
_CAUSES = {
    signal.SIGKILL: "was killed, probably out of memory: raise INGEST_MEMORY_LIMIT or lower INGEST_WORKERS",
    signal.SIGSEGV: "crashed, probably on SQL that is nested too deeply",
    signal.SIGPROF: "took too long and was ended",
}

T = TypeVar("T")
R = TypeVar("R")


class PendingBatch(Generic[R]):
    """A batch that was handed to the pool."""

    def __init__(self, pieces: list[Future[list[R]]]) -> None:
        self._pieces = pieces

    def result(self) -> list[R]:
        """Wait for the results, in the order of the batch's items.

        Raises:
            Exception: what the function raised for one of its pieces.
            CancelledError: the pool was closed before.
        """
        return [result for piece in self._pieces for result in piece.result()]


class ParserPool:
    """Worker processes for the functions of parse and link. Usable from several threads; close it by `with`.

    The function gets a sequence of items and gives a result for each, in order; it must be importable by name (a
    `functools.partial` of such a function will do). What it raises stops its batch: failures of single items are results.

    Args:
        settings: `workers` and `memory_limit` are used.
        sequential: no processes: every batch runs in the calling thread.
    """

    def __init__(self, settings: Settings, *, sequential: bool = False) -> None:
        self._sequential = sequential
        self._workers = [] if sequential else [Worker(settings.memory_limit) for _ in range(settings.workers)]
        self._idle: queue.SimpleQueue[Worker] = queue.SimpleQueue()
        for worker in self._workers:
            self._idle.put(worker)
        self._share = settings.memory_limit // (settings.workers + 1)
        self._gauge = MemoryGauge(settings.memory_limit, self._pids)
        self._admission = Admission(self._gauge)
        self._threads = ThreadPoolExecutor(max(1, len(self._workers)), thread_name_prefix="parser")
        self._closed = False

    def __enter__(self) -> Self:
        """Itself; processes start with the first work."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it."""
        self.close()

    def close(self) -> None:
        """End the processes; batches that were not waited for are given up."""
        self._closed = True
        self._threads.shutdown(wait=False, cancel_futures=True)
        while self._idle.qsize() < len(self._workers):
            for worker in self._workers:
                worker.kill()
        self._threads.shutdown(wait=True)
        for worker in self._workers:
            worker.stop()
