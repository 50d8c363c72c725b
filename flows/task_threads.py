"""Threads that run tasks: as Prefect's task runs, or as the plain functions that the tasks are made of."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, Self

from prefect.task_runners import ThreadPoolTaskRunner
from prefect.utilities.annotations import quote
from pydantic import BaseModel

from tasks.run import current_run

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import TracebackType

    from prefect import Task
    from prefect.futures import PrefectFuture


class Ended(NamedTuple):
    """How a task ended: its `result`; or, where `failed` is set, its error, or what else there is to say of it.

    `cached`: Prefect had the result and did not run the task.
    """

    result: Any
    failed: bool = False
    cached: bool = False


if TYPE_CHECKING:
    Outcome = Callable[[], Ended]
    """Says how a task ended, once it has."""


class TaskThreads(Protocol):
    """A context manager that waits at its end for what runs."""

    def __enter__(self) -> Self:
        """Start the threads."""
        ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Wait for them."""
        ...

    def submit(self, task: Task[..., Any], arguments: Mapping[str, Any], ended: Callable[[Outcome], None]) -> None:
        """Run a task as soon as a thread is free; `ended` is told, from any thread, how to learn what came of it."""
        ...


def task_threads(count: int) -> TaskThreads:
    """What runs the tasks of the current run, `count` of them at a time."""
    return PlainThreads(count) if current_run().plain else PrefectThreads(count)


class PrefectThreads:
    """Task runs of Prefect: with its states, retries and cache, and with its costs."""

    def __init__(self, count: int) -> None:
        self._runner: ThreadPoolTaskRunner[Any] = ThreadPoolTaskRunner(max_workers=count)

    def __enter__(self) -> Self:
        """Start the threads."""
        self._runner.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Wait for them."""
        self._runner.__exit__(kind, error, trace)

    def submit(self, task: Task[..., Any], arguments: Mapping[str, Any], ended: Callable[[Outcome], None]) -> None:
        """Run a task as soon as a thread is free.

        Batches are quoted: Prefect would look through every file of them for futures to wait for, which takes longer
        than hashing the files.
        """
        given = {
            name: quote(value) if isinstance(value, list | BaseModel) else value for name, value in arguments.items()
        }
        future = self._runner.submit(task, given)
        future.add_done_callback(lambda done: ended(partial(_of_prefect, done)))


def _of_prefect(future: PrefectFuture[Any]) -> Ended:
    future.wait()  # it has ended: this only makes it know its state, which Prefect would ask the server for
    state = future.state
    result: Any = state.result(raise_on_failure=False)
    if state.is_completed():
        return Ended(result, cached=state.name == "Cached")
    return Ended(result if isinstance(result, BaseException) else state.message, failed=True)


class PlainThreads:
    """The functions behind the tasks, without Prefect: nothing is tried again, cached by it, or shown in its UI."""

    def __init__(self, count: int) -> None:
        self._threads = ThreadPoolExecutor(count, thread_name_prefix="plain-task")

    def __enter__(self) -> Self:
        """Nothing: threads start with the first work."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Wait for them."""
        self._threads.shutdown(wait=True, cancel_futures=error is not None)

    def submit(self, task: Task[..., Any], arguments: Mapping[str, Any], ended: Callable[[Outcome], None]) -> None:
        """Run a task's function as soon as a thread is free."""
        future = self._threads.submit(copy_context().run, partial(task.fn, **arguments))
        future.add_done_callback(lambda done: ended(partial(_of_plain, done)))


def _of_plain(future: Future[Any]) -> Ended:
    error = future.exception()
    return Ended(error, failed=True) if error is not None else Ended(future.result())
