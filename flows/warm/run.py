"""The process of a flow run as the worker starts it: has the runner fork one, and stands for it until it ends.

Signals are passed on, output goes where this process's goes, and it ends as the run did. Where there is no runner, or
its code is older than that on disk, this process becomes Prefect's engine itself. It imports nothing large.

Either way the run ends with its worker: one that nobody looks after could be begun again while it is still at work.
"""

from __future__ import annotations

import ctypes
import os
import signal
import socket
import sys
from typing import TYPE_CHECKING

from flows.warm.wire import SOCKET_VARIABLE, Line

if TYPE_CHECKING:
    from types import FrameType

COLD = (sys.executable, "-m", "prefect.engine")
_CONNECT_SECONDS = 10.0
_PR_SET_PDEATHSIG = 1
"""Of prctl(2): the signal that the kernel sends when the parent has ended; outlives an exec."""


def main() -> None:
    """Run the flow run that the environment names."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    line = _connected()
    answer = _ask(line) if line else None
    if line is None or answer is None or "pid" not in answer:
        os.execv(COLD[0], COLD)
    _pass_signals_on(answer["pid"])
    ended = line.receive()
    _end_as(ended["exit"] if ended else -signal.SIGKILL)


def _connected() -> Line | None:
    address = os.environ.get(SOCKET_VARIABLE)
    if not address:
        return None
    connection = socket.socket(socket.AF_UNIX)
    connection.settimeout(_CONNECT_SECONDS)
    try:
        connection.connect(address)
    except OSError:
        connection.close()
        return None
    return Line(connection)


def _ask(line: Line) -> dict[str, int] | None:
    """The runner's answer: the fork's process id, or why it cannot be had."""
    order = {"environment": dict(os.environ), "folder": os.getcwd()}  # noqa: PTH109 - pathlib would be the largest import
    try:
        line.send(order, (sys.stdout.fileno(), sys.stderr.fileno()))
        answer = line.receive()
        line.connection.settimeout(None)
    except OSError:
        return None
    return answer


def _pass_signals_on(pid: int) -> None:
    def pass_on(number: int, _frame: FrameType | None) -> None:
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            return

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, pass_on)


def _end_as(code: int) -> None:
    """End with the run's exit code, or by the signal that ended it (below zero)."""
    if code < 0:
        if -code != signal.SIGKILL:
            signal.signal(-code, signal.SIG_DFL)
        os.kill(os.getpid(), -code)
    sys.exit(code)


if __name__ == "__main__":
    main()
