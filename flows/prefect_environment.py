"""The environment that Prefect reads its settings from: set once, before anything imports prefect."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from flows.local_prefect import read_server
from flows.prefect_auth import CLIENT_VARIABLE, read_auth
from flows.server_environment import PRIVACY

if TYPE_CHECKING:
    from pathlib import Path

Chatter = Literal["quiet", "verbose"]

_CONSOLE_LEVEL: dict[Chatter, str] = {"quiet": "CRITICAL", "verbose": "INFO"}

# What the parts below say (a damaged cache, memory near its limit) belongs into the log of the run that it happened in.
_OUR_LOG = {
    "PREFECT_LOGGING_EXTRA_LOGGERS": "lineage_core",
    "PREFECT_LOGGING_TO_API_WHEN_MISSING_FLOW": "ignore",
}


def client_environment(api_url: str, home: Path | None, chatter: Chatter = "quiet") -> dict[str, str]:
    """What a process that runs flows, or talks to the server at `api_url`, has to have in its environment.

    `home` is Prefect's folder; None leaves the user's own, which may hold the login of the server. `chatter` is about
    the console only: Prefect's own log, in the UI, is complete in any case.
    """
    return {
        **PRIVACY,
        **_OUR_LOG,
        **auth_environment(api_url, home),
        **({"PREFECT_HOME": str(home.resolve())} if home else {}),
        "PREFECT_API_URL": api_url,
        "PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL": _CONSOLE_LEVEL[chatter],
        # of a server that went away it prints every state that could not be sent
        **({"PREFECT_LOGGING_INTERNAL_LEVEL": "CRITICAL"} if chatter == "quiet" else {}),
    }


def auth_environment(api_url: str, home: Path | None) -> dict[str, str]:
    """What lets a client in to the local server of the folder `home`; an empty `api_url` means that server.

    Nothing if `api_url` is somebody else: nobody but our own server gets to see its auth string.
    """
    server = read_server(home) if home else None
    if home is None or server is None or not server.address.secured:
        return {}
    return {CLIENT_VARIABLE: read_auth(home)} if api_url.rstrip("/") in {"", server.api_url} else {}
