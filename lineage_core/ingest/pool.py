"""The pool of parser processes: work by batches, within the memory limit, and on past a process that dies."""

from __future__ import annotations

import os
import queue
import signal
from collections import deque
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from itertools import pairwise
from typing import TYPE_CHECKING, Generic, Self, TypeVar

from lineage_core.ingest.memory import Admission, MemoryGauge, held
from lineage_core.ingest.worker import Worker

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from types import TracebackType

    from lineage_core.settings import Settings

PIECES_PER_WORKER = 3
"""A batch is cut into so many pieces for each worker, so that none waits long for the one with the large files."""

_BATCHES_AHEAD = 2
_OUT_OF_MEMORY = "ran out of memory: raise INGEST_MEMORY_LIMIT"
_CAUSES = {
    signal.SIGKILL: "was killed, probably out of memory: raise INGEST_MEMORY_LIMIT or lower INGEST_WORKERS",
    signal.SIGSEGV: "crashed, probably on SQL that is nested too deeply",
    signal.SIGPROF: "took too long and was ended",
}

T = TypeVar("T")
R = TypeVar("R")

if TYPE_CHECKING:
    Work = Callable[[Sequence[T]], list[R]]
    """Items to results, one each, in order."""
    Lost = Callable[[T, str], R]
    """An item whose process died twice, and why, to its result."""


class _DiedError(Exception):
    """A process died, or had to, while it was at work. The message says of what."""


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
        for worker in self._workers:
            worker.give_up()
        self._threads.shutdown(wait=True)
        for worker in self._workers:
            worker.stop()

    def submit_batch(self, function: Work[T, R], items: Sequence[T], lost: Lost[T, R]) -> PendingBatch[R]:
        """Hand a batch to the pool.

        Args:
            function: items to results, one each.
            items: the batch; it is cut into pieces that all workers share.
            lost: an item's result when the process died with it twice, the second time alone; gets the item and why.
        """
        if self._sequential:
            return PendingBatch([_done(function(items))])
        count = PIECES_PER_WORKER * len(self._workers)
        return PendingBatch([self._threads.submit(self._run, function, piece, lost) for piece in _pieces(items, count)])

    def run_batch(self, function: Work[T, R], items: Sequence[T], lost: Lost[T, R]) -> list[R]:
        """Hand a batch to the pool and wait for its results, in the order of its items."""
        return self.submit_batch(function, items, lost).result()

    def map_batches(
        self,
        function: Work[T, R],
        batches: Iterable[Sequence[T]],
        lost: Lost[T, R],
    ) -> Iterator[list[R]]:
        """The results of each batch, in order; the next batches are begun before they are asked for."""
        ahead: deque[PendingBatch[R]] = deque()
        for batch in batches:
            ahead.append(self.submit_batch(function, batch, lost))
            if len(ahead) > _BATCHES_AHEAD:
                yield ahead.popleft().result()
        while ahead:
            yield ahead.popleft().result()

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


def _pieces(items: Sequence[T], count: int) -> list[Sequence[T]]:
    """Consecutive pieces of nearly equal length, at most `count`, none of them empty."""
    bounds = [len(items) * number // count for number in range(count + 1)]
    return [items[start:end] for start, end in pairwise(bounds) if end > start]


def _done(results: list[R]) -> Future[list[R]]:
    future: Future[list[R]] = Future()
    future.set_result(results)
    return future


def _cause(code: int | None) -> str:
    if code is not None and code < 0:
        number = signal.Signals(-code)
        return _CAUSES.get(number, f"was ended by {number.name}")
    return f"ended with exit code {code}"
