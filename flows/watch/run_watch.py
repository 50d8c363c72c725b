"""A watcher as a process: one for each project and root, its environment, its end."""

from __future__ import annotations

import asyncio
import os
import signal
from contextlib import contextmanager
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

from flows.local_prefect import ProcessId
from flows.metrics.service import served_metrics
from flows.prefect_environment import client_environment
from flows.watch.roots import roots_of
from flows.watch.state import StateFile, WatchState
from flows.watch.trigger import PrefectTrigger
from lineage_core.errors import LineageError
from lineage_core.source.identity import absolute

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from flows.watch.roots import Root
    from flows.watch.trigger import Trigger
    from lineage_core.settings import Settings


def run_watch(settings: Settings, paths: Sequence[str], trigger: Trigger | None = None) -> None:
    """Watch folders until SIGTERM or SIGINT.

    Args:
        settings: of the project and the watch.
        paths: the folders, in the project's root or the root itself, which is what none means.
        trigger: makes the runs; Prefect's incremental deployment if it is not given.

    Raises:
        SettingsError, SourceError: a folder is not in the root, or is not there.
        DataFolderError: the state cannot be kept.
        LineageError: the project is watched already.
    """
    roots = roots_of(paths, settings)
    home = settings.prefect_home if settings.prefect_api_url else settings.prefect_dir
    environment = client_environment(settings.prefect_api_url, home)
    os.environ.update({name: value for name, value in environment.items() if value})
    file = StateFile(settings)
    file.make_folder()
    with _alone(file), served_metrics(settings):
        asyncio.run(_watch(settings, roots, trigger or PrefectTrigger(settings), file))


async def _watch(settings: Settings, roots: Sequence[Root], trigger: Trigger, file: StateFile) -> None:
    from flows.watch.watcher import Watcher

    watching = asyncio.create_task(Watcher(settings, roots, trigger, file, first_state(settings, roots, file)).run())
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, watching.cancel)
    await asyncio.wait([watching])
    if not watching.cancelled():
        watching.result()


def first_state(settings: Settings, roots: Sequence[Root], file: StateFile) -> WatchState:
    """The state to begin with: what the last watcher of the project left undone."""
    last = file.read()
    return WatchState(
        process=ProcessId.current(),
        project=settings.project,
        root=absolute(settings.root),
        roots=[root.path for root in roots],
        pending=last.pending if last else [],
        batch=last.batch if last else None,
        last_trigger=last.last_trigger if last else None,
    )


@contextmanager
def _alone(file: StateFile) -> Iterator[None]:
    """Two watchers of one project would make each run twice."""
    try:
        with FileLock(file.folder / "watcher.lock", timeout=0):
            yield
    except Timeout as error:
        state = file.read()
        by = f" by process {state.process.pid} on {state.host}" if state else ""
        raise LineageError(
            f"This project is watched already{by}.", hint="Stop that watcher first; `lineage status` shows it."
        ) from error
