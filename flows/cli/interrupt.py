"""Ctrl-C and SIGTERM: both end a command by an exception, so that what it started is stopped."""

from __future__ import annotations

import _thread
import os
import signal
import sys
import time
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from sys import UnraisableHookArgs
    from types import FrameType

_AGAIN_SECONDS = 0.05
"""Most likely what ignores exceptions is over by then; if not, it is sent once more."""


class InterruptedBySignal(KeyboardInterrupt):
    """A signal asked this command to end."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.signal = number


def catch_signals() -> None:
    """From now on in this process. A SIGINT that is ignored, as that of a shell's background job, stays so."""
    sys.unraisablehook = _deliver_again
    signal.signal(signal.SIGTERM, _interrupt)
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _interrupt)


def signal_behind(error: BaseException | None) -> int | None:
    """The number of the signal that an error comes of, or None.

    The signal can come at any instruction of any library, and what its exception meets on the way out can be another
    one. Prefect handles SIGTERM in its own way while a flow runs.
    """
    prefect = sys.modules.get("prefect.exceptions")
    by_signal = (KeyboardInterrupt, prefect.TerminationSignal) if prefect else (KeyboardInterrupt,)
    while error is not None:
        if isinstance(error, by_signal):
            return int(getattr(error, "signal", signal.SIGINT))
        error = error.__cause__ or error.__context__
    return None


def _interrupt(number: int, _frame: FrameType | None) -> NoReturn:
    raise InterruptedBySignal(number)


def _deliver_again(lost: UnraisableHookArgs) -> None:
    """A signal that came amid a finalizer or a weak reference's callback, whose exceptions Python only prints."""
    number = signal_behind(lost.exc_value)
    if number is None:
        sys.__unraisablehook__(lost)
    else:
        # not a Thread: what was interrupted may be the keeping of threads, with its lock held
        _thread.start_new_thread(_send_again, (number,))


def _send_again(number: int) -> None:
    time.sleep(_AGAIN_SECONDS)
    os.kill(os.getpid(), number)
