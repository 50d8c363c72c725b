"""A Dask scheduler and workers as a user starts them, as processes on 127.0.0.1."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import psutil
from distributed import Client

if TYPE_CHECKING:
    from collections.abc import Callable

CHECKOUT = Path(__file__).resolve().parents[2]
WORKLOADS = CHECKOUT / "tests" / "lineage_core" / "ingest"
SECONDS = 240.0
DEATHS = 1
"""Workers that a piece may take along and still be given to another."""


def until(what: Callable[[], Any], seconds: float = SECONDS) -> Any:
    """What `what` gives, once that is something."""
    deadline = time.monotonic() + seconds
    while not (found := what()):
        assert time.monotonic() < deadline, what
        time.sleep(0.02)
    return found


class DaskProcesses:
    """A scheduler, and the workers that were started for it; a context manager.

    Args:
        folder: for logs and the workers' own files.
        port: of the scheduler; 0 for a free one.
    """

    def __init__(self, folder: Path, port: int = 0) -> None:
        self._folder = folder
        self._started: list[subprocess.Popen[bytes]] = []
        file = folder / f"scheduler-{time.monotonic_ns()}.json"
        options = ["--host", "127.0.0.1", "--port", str(port), "--no-dashboard", "--scheduler-file", str(file)]
        self.scheduler = self._start("distributed.cli.dask_scheduler", options, {})
        self.address = str(json.loads(until(lambda: file.exists() and file.read_text()))["address"])
        self._client = Client(self.address, set_as_default=False)

    def __enter__(self) -> Self:
        """Itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """End every process."""
        self._client.close()
        for process in self._started:
            kill_tree(process.pid)
            process.wait()

    def start_worker(self, *options: str, **variables: str) -> psutil.Process:
        """A worker with one thread, below a nanny; once the scheduler knows it."""
        before = self.worker_pids()
        given = ["--host", "127.0.0.1", "--nthreads", "1", "--no-dashboard", "--local-directory", str(self._folder)]
        self._start("distributed.cli.dask_worker", [self.address, *given, *options], variables)
        return psutil.Process(until(lambda: self.worker_pids() - before).pop())

    def worker_pids(self) -> set[int]:
        """The processes of the workers there are now."""
        return set(self._client.run(os.getpid, on_error="ignore").values())

    def at_work(self) -> set[str]:
        """Addresses of workers that have something to do."""
        return {worker for worker, keys in self._client.processing().items() if keys}

    def has_answered(self) -> bool:
        """Whether some worker has a result."""
        return any(self._client.has_what().values())

    def _start(self, module: str, options: list[str], variables: dict[str, str]) -> subprocess.Popen[bytes]:
        own = {
            "PYTHONPATH": os.pathsep.join([str(CHECKOUT), str(WORKLOADS)]),
            "DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": str(DEATHS),
        }
        log = self._folder / f"dask-{len(self._started)}.log"
        with log.open("ab") as out:
            process = subprocess.Popen(
                [sys.executable, "-m", module, *options],
                env={**os.environ, **own, **variables},
                cwd=self._folder,
                stdout=out,
                stderr=out,
            )
        self._started.append(process)
        return process


def kill_tree(pid: int) -> None:
    """End a process and everything below it, the nanny before the worker that it would start again."""
    try:
        process = psutil.Process(pid)
        family = [process, *process.children(recursive=True)]
    except psutil.NoSuchProcess:
        return
    for member in family:
        try:
            member.kill()
        except psutil.NoSuchProcess:
            continue
    psutil.wait_procs(family[1:], 10)
