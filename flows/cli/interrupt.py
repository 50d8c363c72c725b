"""Ctrl-C and SIGTERM: both end a command by an exception, so that what it started is stopped."""

from __future__ import annotations

import signal
import sys
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from types import FrameType


class InterruptedBySignal(KeyboardInterrupt):
    """A signal asked this command to end."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.signal = number


def catch_signals() -> None:
    """From now on in this process. A SIGINT that is ignored, as that of a shell's background job, stays so."""
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
