"""The pool of parser processes: work by batches, within the memory limit, and on past a process that dies."""

from __future__ import annotations

import os
import queue
import signal
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import TYPE_CHECKING, TypeVar

from lineage_core.ingest.executor import PendingBatch, Pool, pieces
from lineage_core.ingest.memory import Admission, MemoryGauge, held
from lineage_core.ingest.worker import Worker

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lineage_core.ingest.executor import Lost, Work
    from lineage_core.settings import Settings

PIECES_PER_WORKER = 3
"""A batch is cut into so many pieces for each worker, so that none waits long for the one with the large files."""

_OUT_OF_MEMORY = "ran out of memory: raise INGEST_MEMORY_LIMIT"
_CAUSES = {
    signal.SIGKILL: "was killed, probably out of memory: raise INGEST_MEMORY_LIMIT or lower INGEST_WORKERS",
    signal.SIGSEGV: "crashed, probably on SQL that is nested too deeply",
    signal.SIGPROF: "took too long and was ended",
}

T = TypeVar("T")
R = TypeVar("R")


class _DiedError(Exception):
    """A process died, or had to, while it was at work. The message says of what."""


class ParserPool(Pool):
    """Worker processes of this machine for the functions of parse and link; they start with the first work.

    The function gets a sequence of items and gives a result for each, in order; it must be importable by name (a
    `functools.partial` of such a function will do). What it raises stops its batch: a failed item is a result.

    Args:
        settings: `workers` and `memory_limit` are used.
        sequential: no processes: every batch runs in the calling thread.
    """

    def __init__(self, settings: Settings, *, sequential: bool = False) -> None:
        self._sequential = sequential
        limit = settings.memory_limit
        room = max(limit - held(os.getpid()), limit // 2)
        self._workers = [] if sequential else [Worker(room) for _ in range(settings.workers)]
        self._idle: queue.SimpleQueue[Worker] = queue.SimpleQueue()
        for worker in self._workers:
            self._idle.put(worker)
        self._share = limit // (settings.workers + 1)
        self._gauge = MemoryGauge(limit, self._pids)
        self._admission = Admission(self._gauge)
        self._threads = ThreadPoolExecutor(max(1, len(self._workers)), thread_name_prefix="parser")
        self._closed = False

    def close(self) -> None:
        """End the processes; batches that were not waited for are given up."""
        self._closed = True
        self._threads.shutdown(wait=False, cancel_futures=True)
        for worker in self._workers:
            worker.give_up()
        self._threads.shutdown(wait=True)
        for worker in self._workers:
            worker.stop()

    def submit_batch(self, function: Work[T, R], items: Sequence[T], lost: Lost[T, R]) -> PendingBatch[R]:
        """Hand a batch to the processes; sequential, do it at once."""
        if self._sequential:
            return PendingBatch([_done(function(items))])
        count = PIECES_PER_WORKER * len(self._workers)
        return PendingBatch([self._threads.submit(self._run, function, piece, lost) for piece in pieces(items, count)])

    def _run(self, function: Work[T, R], piece: Sequence[T], lost: Lost[T, R]) -> list[R]:
        """One piece on one worker; if the process dies, each of its items again, alone."""
        worker = self._idle.get()
        try:
            try:
                return self._attempt(worker, function, piece, alone=False)
            except _DiedError:
                return [self._run_alone(worker, function, item, lost) for item in piece]
        finally:
            self._idle.put(worker)

    def _run_alone(self, worker: Worker, function: Work[T, R], item: T, lost: Lost[T, R]) -> R:
        try:
            return self._attempt(worker, function, [item], alone=True)[0]
        except _DiedError as error:
            return lost(item, f"the parser process {error}")

    def _attempt(self, worker: Worker, function: Work[T, R], items: Sequence[T], *, alone: bool) -> list[R]:
        with self._admission.work(alone=alone):
            try:
                results = worker.run(function, items)
            except (BrokenProcessPool, MemoryError) as error:
                code = worker.stop()
                if self._closed:
                    raise CancelledError from None
                raise _DiedError(_OUT_OF_MEMORY if isinstance(error, MemoryError) else _cause(code)) from error
            if worker.size() > self._share:
                worker.stop()  # Python gives little back of what it has used; a new process starts in 40 ms
            return results

    def _pids(self) -> set[int]:
        return {os.getpid()}.union(*(worker.pids() for worker in self._workers))


def _done(results: list[R]) -> Future[list[R]]:
    future: Future[list[R]] = Future()
    future.set_result(results)
    return future


def _cause(code: int | None) -> str:
    if code is not None and code < 0:
        number = signal.Signals(-code)
        return _CAUSES.get(number, f"was ended by {number.name}")
    return f"ended with exit code {code}"
