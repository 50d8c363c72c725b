"""Processes by their identity: waiting for the end of any of them, ending them, finding what one left behind."""

from __future__ import annotations

import asyncio
import os
import signal
from contextlib import suppress
from typing import TYPE_CHECKING

import psutil

from flows.local_prefect import ProcessId

if TYPE_CHECKING:
    from collections.abc import Container, Iterable

MARK = "LINEAGE_STACK"
"""Variable in the environment of a stack's processes and of all that those start, however far away they move."""

_KILLED_SECONDS = 2.0


async def ended(process: ProcessId) -> None:
    """Return once a process has ended; it need not be a child, and a child need not have been reaped."""
    try:
        descriptor = os.pidfd_open(process.pid)
    except ProcessLookupError:
        return
    loop = asyncio.get_running_loop()
    over = asyncio.Event()
    try:
        if process.find() is None:  # looked at after opening: from here on no other process can be meant
            return
        loop.add_reader(descriptor, over.set)
        await over.wait()
    finally:
        loop.remove_reader(descriptor)
        os.close(descriptor)


async def end(processes: Iterable[ProcessId], seconds: float) -> list[ProcessId]:
    """End processes: asked first, and killed after `seconds`. Returns those that had to be killed."""
    left = list(processes)
    for number, patience in ((signal.SIGTERM, seconds), (signal.SIGKILL, _KILLED_SECONDS)):
        left = [process for process in left if _sent(process, number)]
        if not left:
            return []
        tasks = {asyncio.create_task(ended(process)): process for process in left}
        _, waiting = await asyncio.wait(tasks, timeout=patience)
        killed, left = left, [tasks[task] for task in waiting]
        for task in waiting:
            task.cancel()
    return killed


def reap(process: ProcessId) -> int | None:
    """The exit code of a child that has ended, the signal's number below zero; None if it is unknown.

    A server may be the child of another process, or have been reaped by what started it.
    """
    try:
        pid, status = os.waitpid(process.pid, os.WNOHANG)
    except ChildProcessError:
        return None
    return os.waitstatus_to_exitcode(status) if pid else None


def marked(mark: str, but: Container[int] = ()) -> list[ProcessId]:
    """The processes that carry a stack's mark, however they came to be, but for some pids."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.NoSuchProcess, psutil.AccessDenied, psutil.ZombieProcess):
            if process.pid not in but and process.environ().get(MARK) == mark:
                found.append(ProcessId(pid=process.pid, started=process.create_time()))
    return found


def _sent(process: ProcessId, number: signal.Signals) -> bool:
    """Whether the process was still there to get the signal."""
    running = process.find()
    if running is None:
        return False
    with suppress(psutil.NoSuchProcess):
        running.send_signal(number)
    return True
