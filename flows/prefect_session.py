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
    """A server that answers, with this process set up for it; prefect must not be imported before.

    `meanwhile` is called while a local server starts, which takes 5 s; it may import prefect. On the way out, what
    Prefect's client still holds back (the states of task runs, the log) is sent before the server stops.

    Raises:
        ServerError: no server answers, or none can be started.
    """
    with prefect_server(settings) as server:
        home = settings.prefect_dir if server.local else settings.prefect_home
        os.environ.update(client_environment(server.api_url, home, chatter))
        if not server.local:
            server.wait()
        with _client_settings(server.api_url):
            meanwhile()
            server.wait()
            try:
                yield server
            finally:
                _send_the_rest()


@contextmanager
def _client_settings(api_url: str) -> Iterator[None]:
    from prefect.settings import PREFECT_API_URL, PREFECT_FLOWS_HEARTBEAT_FREQUENCY, temporary_settings

    # No heartbeats: they tell a server that a run of a remote worker lives, and would hold the end of each run for up
    # to a second. The environment cannot switch them off.
    with temporary_settings(updates={PREFECT_API_URL: api_url, PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None}):
        yield


def _send_the_rest() -> None:
    from prefect.events.worker import EventsWorker
    from prefect.logging.handlers import APILogWorker

    EventsWorker.drain_all()
    APILogWorker.drain_all()
