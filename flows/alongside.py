"""Threads beside a block."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import copy_context
from typing import TYPE_CHECKING, Generic, Self, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import TracebackType

T = TypeVar("T")


@contextmanager
def alongside(work: Callable[[threading.Event], None], name: str) -> Iterator[None]:
    """Run `work` on a thread while the block runs; it is given an event that is set at the end, and is waited for."""
    over = threading.Event()
    thread = threading.Thread(target=work, args=(over,), name=name, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


class Ahead(Generic[T]):
    """What `work` gives, begun on a thread while the block does something else; a context manager.

    Args:
        work: called again by who asks for the result if the first call failed, so that a task that asks can be tried
            again.
    """

    def __init__(self, work: Callable[[], T]) -> None:
        self._work = work
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="ahead")

    def __enter__(self) -> Self:
        """Begin."""
        self._begun = self._thread.submit(copy_context().run, self._work)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Wait for the thread."""
        self._thread.shutdown(wait=True, cancel_futures=True)

    def get(self) -> T:
        """The result; waits for it.

        Raises:
            Exception: what `work` raised when it was called again.
        """
        try:
            return self._begun.result()
        except Exception:  # noqa: BLE001 - if it still happens, the call below raises it
            return self._work()
