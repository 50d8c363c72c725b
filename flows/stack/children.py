"""Parts that are commands of ours, run as child processes with their output in a log file."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from typing import TYPE_CHECKING

from flows.local_prefect import ProcessId
from flows.stack.part import Part, described_end
from flows.stack.processes import MARK, end, ended, marked
from lineage_core.errors import ServerError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

LINEAGE = (sys.executable, "-c", "from flows.cli import main; main()")
"""Our command, also where its script is not on PATH."""

_LAST_WORDS = 6
_SETTLE_SECONDS = 0.5
"""A command that finds something wrong with its arguments is gone by then."""


class Child(Part):
    """A process that stays, and is up as soon as it is there.

    Args:
        name: of the part.
        command: the command line; no secrets.
        environment: gives its whole environment, each time it starts.
        log: gets its output.
        needs: parts to wait for.
        patience: seconds that it gets to end by itself.
        mark: ends up in the environment; what carries it is the part's, also its orphans.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        environment: Callable[[], Mapping[str, str]],
        log: Path,
        *,
        needs: tuple[str, ...],
        patience: float,
        mark: str,
    ) -> None:
        self.name = name
        self.needs = needs
        self.patience = patience
        self._command = list(command)
        self._mark = f"{mark}:{name}"
        self._environment = environment
        self._log = log
        self._child: subprocess.Popen[bytes] | None = None

    async def start(self) -> None:
        """Start it without what a predecessor may have left running, as nobody would look after that."""
        await end(marked(self._mark), seconds=2.0)
        self.process = self._spawn()
        try:
            async with asyncio.timeout(_SETTLE_SECONDS):
                await ended(self.process)
        except TimeoutError:
            return
        raise self._failed()

    def exit_code(self) -> int | None:
        """That of the child."""
        return self._child.poll() if self._child else None

    async def ended(self) -> str:
        """How it ended, with what it said last if it gave up by itself."""
        reason = await super().ended()
        words = self._last_words(1) if self.exit_code() != 0 and "exit code" in reason else []
        return ": ".join([reason, *words])

    async def stop(self, seconds: float) -> None:
        """Stop it, then whatever it started and did not stop itself."""
        if self.process is not None:
            await end([self.process], seconds)
            self.exit_code()
        await end(marked(self._mark), seconds=0.5)

    def _spawn(self) -> ProcessId:
        """In a session of its own: Ctrl-C in the terminal is for `up`, which stops its parts in order."""
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
        with os.fdopen(os.open(self._log, flags, 0o600), "ab") as log:
            self._child = subprocess.Popen(
                self._command,
                env={**self._environment(), MARK: self._mark},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        return ProcessId.of(self._child.pid)

    def _failed(self) -> ServerError:
        lines = self._last_words(_LAST_WORDS)
        return ServerError(
            "\n    ".join([f"The {self.name} did not start ({described_end(self.exit_code())}).", *lines]),
            hint=f"Its log is {self._log}.",
        )

    def _last_words(self, count: int) -> list[str]:
        return self._log.read_text("utf-8", "replace").splitlines()[-count:]


class Step(Child):
    """A command that is done when it ends well."""

    once = True

    async def start(self) -> None:
        """Run it to its end.

        Raises:
            ServerError: it failed; with the end of its output.
        """
        self.process = self._spawn()
        await ended(self.process)
        if self.exit_code() != 0:
            raise self._failed()
        self.process = None

    async def ended(self) -> str:
        """Never: it is done."""
        await asyncio.Event().wait()
        return ""
