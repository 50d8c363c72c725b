"""A command's stay on a Prefect server: its environment, the server itself, and the way out without losing history."""

from __future__ import annotations

import os
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from flows.prefect_environment import Chatter, client_environment
from flows.prefect_server import PrefectServer, prefect_server
from flows.process_end import end_within
from lineage_core.errors import ServerError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from lineage_core.settings import Settings


SEND_SECONDS = 15.0
"""A server that went away costs the end of a command at most as much. Prefect's client would try each state seven
seconds long, and a command that was ended amid a run would stay for minutes.
"""
SLOW_SECONDS = 60.0
"""A server that answers gets so much longer."""


@contextmanager
def prefect_session(
    settings: Settings,
    *,
    chatter: Chatter = "quiet",
    meanwhile: Callable[[], object] = lambda: None,
    say: Callable[[str], object] = lambda _: None,
) -> Iterator[PrefectServer]:
    """A server that answers, with this process set up for it; prefect must not be imported before.

    On the way out, what Prefect's client still holds back (the states of task runs, the log) is sent before the server
    stops.

    Args:
        settings: where the server is.
        chatter: whether Prefect's log shows on the console.
        meanwhile: called while a local server starts, which takes 5 s; it may import prefect.
        say: told if the server was gone, or too slow, in the end.

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
                _send_the_rest(server, say)


@contextmanager
def _client_settings(api_url: str) -> Iterator[None]:
    from prefect.settings import PREFECT_API_URL, PREFECT_FLOWS_HEARTBEAT_FREQUENCY, temporary_settings

    # No heartbeats: they tell a server that a run of a remote worker lives, and would hold the end of each run for up
    # to a second. The environment cannot switch them off.
    with temporary_settings(updates={PREFECT_API_URL: api_url, PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None}):
        yield


@contextmanager
def server_needed() -> Iterator[None]:
    """A flow run without a server ends in the error of its last request; that becomes one for people.

    Raises:
        ServerError: the server went away.
    """
    import httpx

    try:
        yield
    except httpx.TransportError as error:
        raise ServerError(
            f"The Prefect server went away while the run was on, and its end could not be told to it: {error}",
            hint="What was written is in the graph, and the next run does the rest, if there is any. See that the "
            "server runs (lineage status).",
        ) from error


def _send_the_rest(server: PrefectServer, say: Callable[[str], object]) -> None:
    gone = False
    for seconds in (SEND_SECONDS, SLOW_SECONDS):
        if _all_sent(seconds):
            return
        gone = not server.answers()
        if gone:
            break
    trouble = "is gone" if gone else "is too slow"
    say(f"The Prefect server {trouble}: its history lacks the end of this run. What was written is in the graph.")
    end_within(0)  # Prefect goes on with it until the process ends, and holds that up


def _all_sent(seconds: float) -> bool:
    """Whether Prefect's client has sent, within so long, everything that it holds back."""
    from prefect.events.worker import EventsWorker
    from prefect.logging.handlers import APILogWorker

    until = time.monotonic() + seconds
    sent: Any = [
        worker.drain_all(timeout=max(0.0, until - time.monotonic()))  # of futures: done, and not done
        for worker in (EventsWorker, APILogWorker)
    ]
    return not any(late for _, late in sent)
