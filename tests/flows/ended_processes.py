"""Whether processes have ended: a process by its id, and those of a flow run that a worker has started."""

from __future__ import annotations

import time
from contextlib import suppress
from typing import TYPE_CHECKING

import psutil

if TYPE_CHECKING:
    from uuid import UUID

SECONDS = 120.0


def is_running(pid: int) -> bool:
    """Not if it has ended and its parent, for orphans the system's first process, has not yet taken note of that."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def until_gone(run_id: UUID | str) -> None:
    """Return once a flow run has no process: it lives on for a moment after the server knows how the run ended.

    A worker that is held up may take that process's end for a crash, of a run that has been set to run again meanwhile.
    """
    deadline = time.monotonic() + SECONDS
    while any(_is_of(process, str(run_id)) for process in psutil.process_iter()):
        assert time.monotonic() < deadline, run_id
        time.sleep(0.1)


def _is_of(process: psutil.Process, run_id: str) -> bool:
    with suppress(psutil.Error):  # it has ended, or is somebody else's
        return process.environ().get("PREFECT__FLOW_RUN_ID") == run_id
    return False
