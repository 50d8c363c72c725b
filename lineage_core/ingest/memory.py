"""How much memory the ingest and its workers hold together, and who may start more work."""

from __future__ import annotations

import logging
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import psutil

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

_LOG = logging.getLogger(__name__)

NEAR = 0.8
"""Share of the limit at which nothing new is begun: work in flight still grows."""

_LOOK_AGAIN_SECONDS = 0.05


class MemoryGauge:
    """Measures processes against a limit.

    Args:
        limit: bytes that they may hold together.
        pids: gives the processes to measure. A database server that this process started is not among them.
    """

    def __init__(self, limit: int, pids: Callable[[], Iterable[int]]) -> None:
        self.limit = limit
        self._pids = pids

    def used(self) -> int:
        """Bytes held together, memory that processes share counted once (PSS)."""
        return sum(held(pid) for pid in self._pids())

    def near(self) -> bool:
        """Whether nothing new should be begun."""
        threshold = NEAR * self.limit
        # RSS counts shared memory for every process, but is 30 times as fast: where it is low enough, all is well.
        return sum(resident(pid) for pid in self._pids()) > threshold and self.used() > threshold


class Admission:
    """Lets work begin: while there is memory, and for a retry alone, only when nothing else runs.

    One piece of work may always run, or a run under pressure would never end.
    """

    def __init__(self, gauge: MemoryGauge) -> None:
        self._gauge = gauge
        self._changed = threading.Condition()
        self._running = 0
        self._alone = False
        self._waiting_alone = 0
        self._said = False

    @contextmanager
    def work(self, *, alone: bool = False) -> Iterator[None]:
        """Hold a place while the body runs; waits for it."""
        with self._changed:
            self._wait_alone() if alone else self._wait()
            self._running += 1
            self._alone = alone
        try:
            yield
        finally:
            with self._changed:
                self._running -= 1
                self._alone = False
                self._changed.notify_all()

    def _wait(self) -> None:
        while self._alone or self._waiting_alone or (self._running and self._pressed()):
            self._changed.wait(_LOOK_AGAIN_SECONDS)

    def _wait_alone(self) -> None:
        self._waiting_alone += 1
        try:
            self._changed.wait_for(lambda: not self._running)
        finally:
            self._waiting_alone -= 1

    def _pressed(self) -> bool:
        near = self._gauge.near()
        if near and not self._said:
            self._said = True
            _LOG.warning(
                "Memory is near INGEST_MEMORY_LIMIT (%d of %d MiB): fewer files are parsed at a time.",
                self._gauge.used() // 2**20,
                self._gauge.limit // 2**20,
            )
        return near


def held(pid: int) -> int:
    """Bytes a process holds, its part of shared memory included; 0 if it is gone or cannot be looked at."""
    with suppress(psutil.Error):
        return int(psutil.Process(pid).memory_full_info().pss)
    return 0


def resident(pid: int) -> int:
    """Bytes a process has in memory, shared ones as if they were its own; 0 if it is gone or cannot be looked at."""
    with suppress(psutil.Error):
        return int(psutil.Process(pid).memory_info().rss)
    return 0
