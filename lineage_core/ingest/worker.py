"""A worker process: started without the main module of its parent, prepared, watched, ended."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, suppress
from multiprocessing import forkserver, resource_tracker
from types import ModuleType
from typing import TYPE_CHECKING, TypeVar

import psutil

from lineage_core.ingest.garbage import collect_seldom
from lineage_core.ingest.limits import limit_memory
from lineage_core.ingest.memory import resident

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from multiprocessing.process import BaseProcess

_PRELOADED = ["lineage_core.ingest.parse_work", "lineage_core.ingest.linked"]
"""What the fork server imports once, so that a worker starts in 40 ms instead of 0.4 s."""

START_METHOD = "forkserver"
_STARTING = threading.Lock()

T = TypeVar("T")
R = TypeVar("R")


class Worker:
    """One parser process behind an executor of its own, started when there is work for it.

    With one process an executor, a process that dies costs what it was doing and nothing else, its exit code is known,
    and it can be replaced by itself when it has grown.

    Args:
        memory_limit: bytes of data it may hold.
    """

    def __init__(self, memory_limit: int) -> None:
        self._memory_limit = memory_limit
        self._executor: ProcessPoolExecutor | None = None
        self._process: BaseProcess | None = None
        self._busy = False
        self._given_up = False

    def run(self, function: Callable[[T], R], argument: T) -> R:
        """The function's result from the process.

        Raises:
            BrokenProcessPool: the process died; the next run starts another.
            Exception: what the function raised.
        """
        self._busy = True
        try:
            if self._executor is None:
                self._executor = self._start()
            if self._given_up:
                raise BrokenProcessPool("the pool is closed")
            return self._executor.submit(function, argument).result()
        finally:
            self._busy = False

    def size(self) -> int:
        """Bytes the process has in memory; 0 if it is not running."""
        pid = self._process.pid if self._process else None
        return 0 if pid is None else resident(pid)

    def pids(self) -> set[int]:
        """The process and the fork server it came from; none if it is not running."""
        pid = self._process.pid if self._process else None
        if pid is None:
            return set()
        with suppress(psutil.Error):
            return {pid, psutil.Process(pid).ppid()}
        return {pid}

    def give_up(self) -> None:
        """For good: if the process is doing something, kill it, and `run` raises BrokenProcessPool in its thread."""
        self._given_up = True
        process = self._process
        if self._busy and process is not None:
            process.kill()

    def stop(self) -> int | None:
        """Let the process end, if it has not; its exit code, negative for the signal that killed it."""
        executor, process = self._executor, self._process
        self._executor = self._process = None
        if executor is not None:
            executor.shutdown(wait=True, cancel_futures=True)
        return process.exitcode if process is not None else None

    def _start(self) -> ProcessPoolExecutor:
        # Not by fork: this process has threads, and a lock that one of them holds would be held in the child for ever.
        context = multiprocessing.get_context(START_METHOD)
        executor = ProcessPoolExecutor(1, context, initializer=prepare, initargs=(self._memory_limit,))
        start_fork_server()
        with _STARTING, _no_main_module():
            started = executor.submit(os.getpid)
        pid = started.result()
        self._process = next((child for child in multiprocessing.active_children() if child.pid == pid), None)
        return executor


def start_fork_server() -> None:
    """Have the fork server start, if it has not, and import meanwhile what workers need; that takes it half a second.

    A run that calls this as it begins has its first worker at once when it comes to parse.
    """
    with _STARTING, _no_main_module():
        multiprocessing.get_context(START_METHOD).set_forkserver_preload(_PRELOADED)
        resource_tracker.ensure_running()
        # Ctrl-C is for this process: it would end the server with a traceback while that imports.
        mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            forkserver.ensure_running()
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)


def prepare(memory_limit: int) -> None:
    """Make a new worker process ready; runs in it.

    Ctrl-C reaches every process of the terminal: the parent decides what it means. A parent that was killed cannot tell
    its workers, so they watch it.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    limit_memory(memory_limit)
    collect_seldom()
    threading.Thread(target=_end_with_parent, name="parent-watch", daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


@contextmanager
def _no_main_module() -> Iterator[None]:
    """Start a process that does not import the parent's main module again.

    Workers are given functions of modules only, and the main module of an ingest imports Prefect, which takes 3 s.
    """
    main = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main
