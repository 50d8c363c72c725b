"""What the supervisor asks of a part of the stack."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

from flows.stack.processes import ended, reap

if TYPE_CHECKING:
    from flows.local_prefect import ProcessId


class Part(ABC):
    """One part of the stack.

    `name` is what people call it, `needs` names the parts that have to be up before it starts, `url` is where it can be
    reached. `process` is set while it runs as one, `ours` tells whether it was started here and so is stopped here.
    """

    name: str
    needs: tuple[str, ...] = ()
    url: str = ""
    process: ProcessId | None = None
    ours: bool = True
    patience: float = 3.0
    """Seconds that it gets to end by itself. Watcher, then worker, then both servers at once: within 10 s in all."""
    once: bool = False
    """Whether it is a step that is done rather than a process that stays."""

    @abstractmethod
    async def start(self) -> None:
        """Start it, and return once it does its work.

        Raises:
            LineageError: it cannot be started.
        """

    async def ended(self) -> str:
        """How it ended, once it has: `exit code 1`, `killed by SIGKILL`."""
        if self.process is None:
            await asyncio.Event().wait()  # it lives and dies with this process, or is not ours to look after
        else:
            await ended(self.process)
        return described_end(self.exit_code())

    def exit_code(self) -> int | None:
        """Its exit code after its end, None if it is not known."""
        return reap(self.process) if self.process else None

    async def answers(self) -> bool:
        """Whether it does its work right now, as far as can be asked for."""
        return True

    @abstractmethod
    async def stop(self, seconds: float) -> None:
        """Stop it if it is ours, within so many seconds; also if it has not come up yet, or has ended."""


def described_end(code: int | None) -> str:
    """An exit code for people."""
    import signal

    if code is None:
        return "gone"
    if code >= 0:
        return f"exit code {code}"
    try:
        return f"killed by {signal.Signals(-code).name}"
    except ValueError:
        return f"killed by signal {-code}"
