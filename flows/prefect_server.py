"""The Prefect server that a command runs on: the one of PREFECT_API_URL where it is set, else the local one."""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import httpx

from flows.local_prefect import LocalServer, RunningServer, read_server
from lineage_core.errors import ServerError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lineage_core.settings import Settings

START_SECONDS = 120.0
"""A start takes 5 s, the first one 9 s (it makes the database); a loaded machine may need many times that."""

_ASK_SECONDS = 5.0
_LOG_LINES = 8


@dataclass(frozen=True)
class PrefectServer:
    """A server to run on. `local` is set if it is ours, started for this command or shared with another one."""

    api_url: str
    local: tuple[LocalServer, RunningServer] | None = None

    @property
    def ui_url(self) -> str:
        """Where a person can watch."""
        return self.api_url.removesuffix("/api")

    def wait(self, seconds: float = START_SECONDS) -> None:
        """Return once the server answers. Somebody else's server is asked only once.

        Raises:
            ServerError: it does not answer, or a local one ended instead.
        """
        deadline = time.monotonic() + (seconds if self.local else 0)
        with self._client() as client:
            while not self._answers(client):
                if time.monotonic() >= deadline or self._ended():
                    raise self.silence()
                time.sleep(0.05)

    def answers(self) -> bool:
        """Whether it answers now."""
        with self._client() as client:
            return self._answers(client)

    def _client(self) -> httpx.Client:
        return httpx.Client(trust_env=self.local is None, timeout=_ASK_SECONDS)

    def _answers(self, client: httpx.Client) -> bool:
        try:
            response = client.get(f"{self.api_url}/health")
        except (httpx.HTTPError, httpx.InvalidURL):
            return False
        # Somebody else's server may want a login that only Prefect's client knows: any answer of its will do.
        return self.local is None or response.is_success

    def _ended(self) -> bool:
        return self.local is not None and self.local[1].process.find() is None

    def silence(self) -> ServerError:
        """The error that says that it does not answer, with what it said last."""
        if self.local is None:
            return ServerError(
                f"No Prefect server answers at {self.api_url}, which PREFECT_API_URL names.",
                hint="Start it, correct PREFECT_API_URL, or unset it: a local server is started for the run then.",
            )
        log = self.local[0].log
        lines = log.read_text(errors="replace").splitlines() if log.exists() else []
        return ServerError(
            "\n    ".join(["The local Prefect server did not start.", *lines[-_LOG_LINES:]]),
            hint=f"Its log is {log}. PREFECT_API_URL makes the command use a server of your own.",
        )


def running_server(settings: Settings) -> PrefectServer:
    """The server to run on, which must be there: none is started, nor kept from being stopped.

    Raises:
        ServerError: PREFECT_API_URL is not set, and no local server runs.
    """
    if settings.prefect_api_url:
        return PrefectServer(settings.prefect_api_url.rstrip("/"))
    running = read_server(settings.prefect_dir)
    if running is None:
        raise ServerError(
            "No local Prefect server runs.", hint="`lineage up` starts one; or set PREFECT_API_URL to your own."
        )
    return PrefectServer(running.api_url, (LocalServer(settings), running))


@contextmanager
def prefect_server(settings: Settings) -> Iterator[PrefectServer]:
    """The server to run on; a local one is started here if none runs, and may need some seconds: `wait` before use.

    Raises:
        ServerError: the folder of the local server cannot be written.
    """
    if settings.prefect_api_url:
        yield PrefectServer(settings.prefect_api_url.rstrip("/"))
        return
    local = LocalServer(settings)
    running = local.enter()
    try:
        yield PrefectServer(running.api_url, (local, running))
    finally:
        local.leave()
