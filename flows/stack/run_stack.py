"""`lineage up` as a process: one a data folder, what it says, what it leaves in its state file, its end."""

from __future__ import annotations

import asyncio
import secrets
import signal
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

from flows.local_prefect import ProcessId
from flows.prefect_file import read_prefect_file
from flows.stack.leftovers import clean_up
from flows.stack.metrics import Metrics
from flows.stack.plan import make_parts, prefect_file
from flows.stack.state import StackFile, StackState
from flows.stack.supervisor import Supervisor
from flows.stack.words import said
from flows.watch.roots import roots_of
from lineage_core.errors import LineageError
from lineage_core.source.identity import absolute

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from flows.stack.plan import Wanted
    from flows.stack.state import PartState
    from lineage_core.settings import Settings


def run_stack(
    settings: Settings, wanted: Wanted, *, say: Callable[[str], None], ready: Callable[[StackState], None]
) -> None:
    """Start the stack and look after it until SIGTERM or SIGINT; on return nothing of it runs any more.

    Args:
        settings: of the project.
        wanted: what was asked for on the command line.
        say: takes a line for people.
        ready: called once everything is up.

    Raises:
        SettingsError, SourceError: a folder is not in the root or not there, or prefect.yaml cannot be used.
        DataFolderError: the state cannot be kept.
        LineageError: a stack runs already, or a part cannot be started.
    """
    roots = [root.path for root in roots_of(wanted.roots, settings)]
    read_prefect_file(prefect_file(wanted.file))
    wanted.address(settings)
    file = StackFile(settings)
    file.make_folder()
    with _alone(file):
        asyncio.run(_Stack(settings, wanted, file, roots, say).run(ready))


class _Stack:
    """A running stack: its supervisor, and its state, which is kept at every change."""

    def __init__(
        self, settings: Settings, wanted: Wanted, file: StackFile, roots: list[str], say: Callable[[str], None]
    ) -> None:
        self._settings = settings
        self._wanted = wanted
        self._file = file
        self._say = say
        self._began = time.monotonic()
        self._ready = False
        self.state = StackState(
            mark=secrets.token_hex(8),
            process=ProcessId.current(),
            project=settings.project,
            root=absolute(settings.root),
            roots=roots,
        )

    async def run(self, ready: Callable[[StackState], None]) -> None:
        stop = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            asyncio.get_running_loop().add_signal_handler(number, self._stopping, stop)
        before = self._file.read()
        if before is not None:
            count = await clean_up(before, self._settings)
            self._say(f"The last stack was killed; {count} of its processes had to be ended.")
        own = make_parts(self._settings, self._wanted, self._file, self.state.mark, before, self._say)
        metrics = [Metrics(self._settings, lambda: self.state.parts)] if self._settings.metrics_port else []
        supervisor = Supervisor([*own, *metrics], self._changed)
        self.state.parts = dict(supervisor.states)

        def all_up() -> None:
            self._ready = True
            ready(self.state)

        try:
            await supervisor.run(stop, all_up)
        finally:
            self._file.forget()

    def _stopping(self, stop: asyncio.Event) -> None:
        if not stop.is_set():
            self._say("Stopping ...")
            stop.set()

    def _changed(self, part: PartState) -> None:
        line = said(part, self.state.parts[part.name], time.monotonic() - self._began, ready=self._ready)
        self.state.parts[part.name] = part
        if line:
            self._say(line)  # first: who reads the state finds it said
        with suppress(OSError):  # a full disk: a stack that runs is worth more than its state
            self._file.keep(self.state)


@contextmanager
def _alone(file: StackFile) -> Iterator[None]:
    try:
        with FileLock(file.lock, timeout=0, mode=0o600):
            yield
    except Timeout as error:
        state = file.read()
        by = f" (process {state.process.pid})" if state else ""
        raise LineageError(
            f"A stack runs already on this data folder{by}.",
            hint="`lineage status` shows it. Stop it with Ctrl-C in its terminal, or a SIGTERM to that process.",
        ) from error
