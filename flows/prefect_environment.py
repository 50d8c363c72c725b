"""The environment that Prefect reads its settings from: set once, before anything imports prefect."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from pathlib import Path

    from lineage_core.settings import Settings

Chatter = Literal["quiet", "verbose"]

_CONSOLE_LEVEL: dict[Chatter, str] = {"quiet": "CRITICAL", "verbose": "INFO"}

_PRIVACY = {"DO_NOT_TRACK": "1", "PREFECT_SERVER_ANALYTICS_ENABLED": "false"}

# What the parts below say (a damaged cache, memory near its limit) belongs into the log of the run that it happened in.
_OUR_LOG = {
    "PREFECT_LOGGING_EXTRA_LOGGERS": "lineage_core",
    "PREFECT_LOGGING_TO_API_WHEN_MISSING_FLOW": "ignore",
}

_SERVER = {
    "PREFECT_SERVER_API_HOST": "127.0.0.1",
    "PREFECT_SERVER_CSRF_PROTECTION_ENABLED": "true",
    "PREFECT_SERVER_LOGGING_LEVEL": "WARNING",
    "PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT": "false",
    # One row a transaction is the default: half the server's CPU time over a run of 70 batches.
    "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_BATCH_SIZE": "100",
    "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_READ_BATCH_SIZE": "100",
    "PREFECT_SERVER_SERVICES_EVENT_PERSISTER_BATCH_SIZE": "200",
    "PREFECT_SERVER_SERVICES_EVENT_PERSISTER_READ_BATCH_SIZE": "200",
}


def client_environment(api_url: str, home: Path | None, chatter: Chatter = "quiet") -> dict[str, str]:
    """What a process that runs flows, or talks to the server at `api_url`, has to have in its environment.

    `home` is Prefect's folder; None leaves the user's own, which may hold the login of the server. `chatter` is about
    the console only: Prefect's own log, in the UI, is complete in any case.
    """
    return {
        **_PRIVACY,
        **_OUR_LOG,
        **({"PREFECT_HOME": str(home.resolve())} if home else {}),
        "PREFECT_API_URL": api_url,
        "PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL": _CONSOLE_LEVEL[chatter],
    }


def server_environment(settings: Settings, port: int) -> dict[str, str]:
    """What the local server has to have in its environment: loopback only, history in the data folder."""
    address = f"http://127.0.0.1:{port}"
    return {
        **_PRIVACY,
        **_SERVER,
        "PREFECT_HOME": str(settings.prefect_dir.resolve()),
        "PREFECT_API_URL": f"{address}/api",
        "PREFECT_SERVER_API_PORT": str(port),
        "PREFECT_SERVER_CORS_ALLOWED_ORIGINS": address,
        # The default is inside the installed package, which need not be writable.
        "PREFECT_SERVER_UI_STATIC_DIRECTORY": str(settings.prefect_dir.resolve() / "ui"),
    }
