"""A flow run in the process that was forked for it: becomes what `python -m prefect.engine` would be."""

from __future__ import annotations

import os
import runpy
import signal
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lineage_core.ingest.worker import start_fork_server

if TYPE_CHECKING:
    from prefect.settings import Settings

    from flows.warm.run_settings import RunSettings


@dataclass(frozen=True, slots=True)
class Order:
    """A run that was asked for: its environment, its folder, and the descriptors of its standard output and error."""

    environment: dict[str, str]
    folder: str
    outputs: tuple[int, int]

    def run(self, settings: RunSettings) -> None:
        """Run it to its end.

        Args:
            settings: what the runner has read already.

        Raises:
            SystemExit: Prefect's engine ends so if the run failed.
        """
        self._take_over()
        start_fork_server()  # before the engine: a parser waits for its imports, and there are two processors
        _run_engine(settings.read(self.environment, self.folder))

    def _take_over(self) -> None:
        """Signals, output, environment and folder as a new process would have found them."""
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        for target, output in enumerate(self.outputs, start=1):
            os.dup2(output, target)
            os.close(output)
        os.environ.clear()
        os.environ.update(self.environment)
        os.chdir(self.folder)
        sys.path[0] = self.folder
        sys.argv = ["prefect.engine"]


def _run_engine(settings: Settings) -> None:
    """Prefect read its settings when it was imported, from the runner's environment; the run has its own."""
    import prefect.engine
    from prefect.context import SettingsContext, get_settings_context

    with SettingsContext(profile=get_settings_context().profile, settings=settings):
        runpy.run_path(str(prefect.engine.__file__), run_name="__main__")
