"""The end of a command's process, where something would hold it up for long or for ever."""

from __future__ import annotations

import os
import sys
import threading

INTERRUPTED_SECONDS = 2.0
"""What the interpreter may take to end after an interruption. It takes 0.1 s, or for ever: a signal that comes just as
a thread starts leaves a `ThreadPoolExecutor` that does not know its thread, and the interpreter waits for that."""

_allowed: list[float] = []


def end_within(seconds: float) -> None:
    """Once the command is done, the interpreter has so long to end by itself: there is nothing to wait for."""
    _allowed.append(seconds)


def end(code: object) -> None:
    """The command is done. End the process at once or in a while, if that was asked for; else return.

    Args:
        code: of a SystemExit.
    """
    if not _allowed:
        return
    sys.stdout.flush()
    sys.stderr.flush()
    number = code if isinstance(code, int) else int(code is not None)
    seconds = min(_allowed)
    if not seconds:
        os._exit(number)
    last = threading.Timer(seconds, os._exit, (number,))
    last.daemon = True
    last.start()
