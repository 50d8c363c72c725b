"""Task runs over batches: submitted together, answered as they end, the failed ones named in the report."""

from __future__ import annotations

import queue
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar

from flows.progress import listener
from flows.task_threads import task_threads
from lineage_core.errors import LineageError
from tasks.run import current_run

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from types import TracebackType

    from prefect import Task

    from flows.task_threads import Outcome
    from lineage_core.ingest.report import Report

R = TypeVar("R")


@dataclass(frozen=True)
class FileBatch:
    """A batch by number, and the paths of its files in order."""

    number: int
    paths: tuple[str, ...]

    @property
    def title(self) -> str:
        """How its task runs are called in the UI."""
        return f"batch-{self.number:03d} ({len(self.paths)} {'file' if len(self.paths) == 1 else 'files'})"

    @property
    def span(self) -> str:
        """Its files, as short as they can be told."""
        return self.paths[0] if len(self.paths) == 1 else f"{self.paths[0]} to {self.paths[-1]}"


@dataclass(frozen=True)
class Done(Generic[R]):
    """A batch whose task ended well. `cached`: Prefect had the result and did not run the task."""

    batch: FileBatch
    result: R
    cached: bool = False


class BatchTasks(Generic[R]):
    """The runs of one task over batches, on threads of their own; a context manager.

    Args:
        stage: hash, parse, link, write: named in progress and in failures.
        task: takes `title` and the arguments given to `submit`.
        threads: how many run at a time.
        report: gets a line for each batch that fails.
    """

    def __init__(self, stage: str, task: Task[..., Any], threads: int, report: Report) -> None:
        self._stage = stage
        self._task = task
        self._report = report
        self._threads = task_threads(threads)
        self._running = 0
        self._ended: queue.SimpleQueue[tuple[FileBatch, Outcome]] = queue.SimpleQueue()

    def __enter__(self) -> Self:
        """Start the threads."""
        self._threads.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Wait for what runs; after an error or Ctrl-C, for as little of it as can be."""
        if error is not None:
            current_run().pool.close()
        self._threads.__exit__(kind, error, trace)

    def submit(self, batch: FileBatch, /, **arguments: Any) -> None:
        """Run the task over a batch as soon as a thread is free."""
        self._running += 1
        self._threads.submit(
            self._task, {"title": batch.title, **arguments}, lambda outcome: self._ended.put((batch, outcome))
        )

    def ended(self, *, wait: bool = True) -> Iterator[Done[R]]:
        """The batches that ended well, as they do; those that failed are told to the report.

        Args:
            wait: for all that were submitted; otherwise only those that have ended by now.
        """
        while self._running:
            try:
                batch, outcome = self._ended.get(block=wait)
            except queue.Empty:
                return
            self._running -= 1
            yield from self._answer(batch, outcome)

    def _answer(self, batch: FileBatch, outcome: Outcome) -> Iterator[Done[R]]:
        ended = outcome()
        listener().advance(self._stage, len(batch.paths))
        if ended.failed:
            why = _reason(ended.result) or "it ended without a result"
            self._report.failures.append(f"{self._stage} {batch.title}, {batch.span}: {why}")
        else:
            yield Done(batch, ended.result, cached=ended.cached)


def _reason(error: object) -> str:
    """An error in words for people: its own, with the class of those that are not ours."""
    if isinstance(error, LineageError):
        return str(error)
    return f"{type(error).__name__}: {error}" if isinstance(error, BaseException) else str(error or "")


def numbered(groups: Iterator[list[Any]]) -> list[tuple[FileBatch, Sequence[Any]]]:
    """Groups of things that have a `path`, each with its batch."""
    return [(FileBatch(number, tuple(item.path for item in group)), group) for number, group in enumerate(groups)]
