"""What a parser process may take for itself: CPU time for one file, and memory."""

from __future__ import annotations

import multiprocessing
import resource
import signal
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

SECONDS = 60.0
"""CPU seconds of any file; the parser reads a usual one in well under a second."""

SECONDS_PER_MB = 20.0
"""CPU seconds more for each megabyte: some twenty times what the parser needs."""

_GRACE_SECONDS = 10.0


class TimeLimitError(BaseException):
    """A file's CPU time is over. Not an Exception, so that nothing inside the parser takes it for a bad statement."""


def cpu_seconds(size: int, base: float = SECONDS) -> float:
    """The CPU time that a file of so many bytes may take."""
    return base + SECONDS_PER_MB * size / 2**20


@contextmanager
def cpu_time_limit(seconds: float) -> Iterator[None]:
    """Raise in the body when it has used so many CPU seconds.

    Only in the main thread of a worker process: a limit works by signals, and the process that runs the ingest keeps
    its own. Compiled code may not notice the signal; after 10 CPU seconds more the system ends the process, which the
    pool treats as any death of a worker.

    Raises:
        TimeLimitError: in the body.
    """
    if multiprocessing.parent_process() is None or threading.current_thread() is not threading.main_thread():
        yield
        return
    previous = signal.signal(signal.SIGVTALRM, _raise)
    signal.signal(signal.SIGPROF, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    signal.setitimer(signal.ITIMER_PROF, seconds + _GRACE_SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGVTALRM, previous)


def limit_memory(limit: int) -> None:
    """Let an allocation fail (MemoryError) when this process would hold more bytes of data than `limit`."""
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    allowed = limit if hard == resource.RLIM_INFINITY else min(limit, hard)
    resource.setrlimit(resource.RLIMIT_DATA, (allowed, hard))


def _raise(_number: int, _frame: FrameType | None) -> None:
    raise TimeLimitError
