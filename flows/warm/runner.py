"""The runner: imports everything once, then forks a process for each flow run that it is asked for.

It has one thread and no event loop, so that a fork finds no lock held. It lives as long as its standard input, a pipe
of the worker's; the runs that it forked end with it, and each of them with the client that stands for it. Once the code
on disk is another one it refuses runs, which then start cold, and begins anew itself.
"""

from __future__ import annotations

import gc
import importlib
import os
import selectors
import signal
import socket
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from flows.warm.order import Order
from flows.warm.run_settings import RunSettings
from flows.warm.sources import stamp
from flows.warm.wire import Line
from lineage_core.settings import load_settings

if TYPE_CHECKING:
    from collections.abc import Callable

PRELOADED = (
    "prefect.engine",
    "prefect.flow_engine",
    "prefect.task_engine",
    "prefect.deployments.steps.core",
    "prefect.deployments.steps.pull",
    "prefect.concurrency.sync",
    "prefect.utilities.visualization",
    "anyio._backends._asyncio",
    "encodings.idna",
    "rich._emoji_codes",
    "multiprocessing.synchronize",
    "flows.bulk",
    "flows.incremental",
    "flows.replay",
    "flows.flush",
    "lineage_core.ingest.parse_work",
)
"""What a flow run imports. What is left out here costs every run some time, and nothing else."""

_ORDER_SECONDS = 5.0
_BACKLOG = 64


class Runner:
    """Serves a socket.

    Args:
        address: path of the socket; its folder must be private.
    """

    def __init__(self, address: str) -> None:
        self._address = Path(address)
        self._code = stamp()
        self._events = selectors.DefaultSelector()
        self._listener = socket.socket(socket.AF_UNIX)
        self._forks: dict[int, Line] = {}
        """Process id -> the client that stands for it."""
        self._order: Order | None = None
        self._settings = RunSettings()
        self._over = False
        self._stale = False

    def serve(self) -> Order | None:
        """Fork as asked. Returns an order in each forked process, and None in the runner itself when its time is over.

        `outdated` tells why: with the worker, or as its code is of yesterday.
        """
        self._listen()
        while not self._over and not (self._stale and not self._forks):
            for key, _ in self._events.select():
                key.data()
                if self._order is not None:
                    return self._order
        for pid in self._forks:
            _kill(pid)
        self._address.unlink(missing_ok=True)
        return None

    @property
    def settings(self) -> RunSettings:
        """Those of the runs it has been asked for."""
        return self._settings

    @property
    def outdated(self) -> bool:
        """Whether the code on disk has changed."""
        return self._stale and not self._over

    def _listen(self) -> None:
        self._address.unlink(missing_ok=True)
        self._listener.bind(str(self._address))
        self._listener.listen(_BACKLOG)
        ended, wake = os.pipe()
        os.set_blocking(wake, False)
        signal.set_wakeup_fd(wake)
        signal.signal(signal.SIGCHLD, lambda _number, _frame: None)
        self._watch(self._listener.fileno(), self._serve_client)
        self._watch(ended, lambda: self._reap(ended))
        self._watch(sys.stdin.fileno(), self._worker_left)

    def _watch(self, descriptor: int, call: Callable[[], None]) -> None:
        self._events.register(descriptor, selectors.EVENT_READ, call)

    def _worker_left(self) -> None:
        self._over = True

    def _serve_client(self) -> None:
        connection, _ = self._listener.accept()
        connection.settimeout(_ORDER_SECONDS)
        line = Line(connection)
        order = _received(line)
        if order is None:
            connection.close()
        elif reason := self._unfit(order):
            with suppress(OSError):
                line.send({"refused": reason})
            connection.close()
        else:
            self._fork(order, line)
        for descriptor in order.outputs if order and self._order is None else ():
            os.close(descriptor)

    def _unfit(self, order: Order) -> str:
        """Why a fork would run other code than a new process would; empty if it would not."""
        if order.environment.get("PYTHONPATH") != os.environ.get("PYTHONPATH"):
            return "another PYTHONPATH"
        if stamp() == self._code:
            return ""
        self._stale = True
        self._events.unregister(self._listener)
        self._listener.close()
        self._address.unlink(missing_ok=True)
        return "the code has changed"

    def _fork(self, order: Order, line: Line) -> None:
        with suppress(OSError, ValueError):  # the run reads them itself then, and says what is wrong
            self._settings.read(order.environment, order.folder)
        pid = os.fork()
        if pid == 0:
            os.setsid()
            self._let_go(line)
            self._order = order
            return
        self._forks[pid] = line
        self._watch(line.connection.fileno(), lambda: self._client_left(pid))
        with suppress(OSError):
            line.send({"pid": pid})

    def _let_go(self, line: Line) -> None:
        """In a fork: what belongs to the runner alone."""
        self._events.close()
        self._listener.close()
        for other in (line, *self._forks.values()):
            other.connection.close()

    def _client_left(self, pid: int) -> None:
        """The client was killed: what it stood for is to end as well, with the processes that it has started."""
        self._events.unregister(self._forks[pid].connection)
        _kill(pid)

    def _reap(self, ended: int) -> None:
        os.read(ended, 4096)
        for pid, line in list(self._forks.items()):
            found, status = os.waitpid(pid, os.WNOHANG)
            if found:
                with suppress(OSError):
                    line.send({"exit": os.waitstatus_to_exitcode(status)})
                with suppress(KeyError):
                    self._events.unregister(line.connection)
                line.connection.close()
                del self._forks[pid]


def _received(line: Line) -> Order | None:
    """What a client asks for; None if it left, or is none of ours."""
    try:
        message, descriptors = line.receive_with(2)
        out, error = descriptors
        return Order(message["environment"], message["folder"], (out, error)) if message else None
    except (OSError, ValueError, KeyError):
        return None


def _kill(pid: int) -> None:
    with suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)


def main() -> None:
    """Import, serve, and in a fork run."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the worker, which decides what it means for the runs
    for name in PRELOADED:
        importlib.import_module(name)
    if load_settings().executor == "dask":
        with suppress(ImportError):  # the run says what is missing
            importlib.import_module("distributed")
    gc.freeze()  # what is imported stays shared between the forks
    runner = Runner(sys.argv[1])
    order = runner.serve()
    if order is not None:
        order.run(runner.settings)
    elif runner.outdated:
        os.execv(sys.executable, [sys.executable, "-m", "flows.warm.runner", *sys.argv[1:]])


if __name__ == "__main__":
    main()
