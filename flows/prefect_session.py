"""A command's stay on a Prefect server: its environment, the server itself, and the way out without losing history."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

from flows.prefect_environment import Chatter, client_environment
from flows.prefect_server import PrefectServer, prefect_server

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from lineage_core.settings import Settings


@contextmanager
def prefect_session(
    settings: Settings, *, chatter: Chatter = "quiet", meanwhile: Callable[[], object] = lambda: None
) -> Iterator[PrefectServer]:
    """A server that answers, with this process's environment set for Prefect; import prefect inside of it only.

    `meanwhile` is called while a local server starts (5 s). On the way out, what Prefect's client still holds back, the
    states of task runs and the log, is sent before the server stops.

    Raises:
        ServerError: no server answers, or none can be started.
    """
    with prefect_server(settings) as server:
        home = settings.prefect_dir if server.local else settings.prefect_home
        os.environ.update(client_environment(server.api_url, home, chatter))
        import prefect  # noqa: F401, PLC0415 - takes 1.5 s, so while the server starts

        meanwhile()
        server.wait()
        try:
            yield server
        finally:
            _send_the_rest()


def _send_the_rest() -> None:
    from prefect.events.worker import EventsWorker  # noqa: PLC0415
    from prefect.logging.handlers import APILogWorker  # noqa: PLC0415

    EventsWorker.drain_all()
    APILogWorker.drain_all()
