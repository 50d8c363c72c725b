"""Where the local Prefect server listens, and the environment that it reads its settings from."""

from __future__ import annotations

import socket
from ipaddress import ip_address
from typing import TYPE_CHECKING

from pydantic import BaseModel

from flows.prefect_auth import CLIENT_VARIABLE, SERVER_VARIABLE

if TYPE_CHECKING:
    from lineage_core.settings import Settings

LOOPBACK = "127.0.0.1"

PRIVACY = {"DO_NOT_TRACK": "1", "PREFECT_SERVER_ANALYTICS_ENABLED": "false"}

OF_ANOTHER_SERVER = frozenset({SERVER_VARIABLE, CLIENT_VARIABLE, "PREFECT_API_KEY"})
"""What a user may have in the environment for a server of their own, and the local one must not take for its own."""

_SERVER = {
    "PREFECT_SERVER_CSRF_PROTECTION_ENABLED": "true",
    "PREFECT_SERVER_LOGGING_LEVEL": "WARNING",
    "PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT": "false",
    # The UI asks the server that it came from, so that it works under each of the server's names without CORS.
    "PREFECT_SERVER_UI_API_URL": "/api",
    # Who holds a slot of a concurrency limit, kept on disk: in memory, a restart of the server would hold it for ever.
    "PREFECT_SERVER_CONCURRENCY_LEASE_STORAGE": "prefect.server.concurrency.lease_storage.filesystem",
    # The longest wait until a run asks again for a slot that another one holds; the default is 30 s.
    "PREFECT_SERVER_CONCURRENCY_MAXIMUM_CONCURRENCY_SLOT_WAIT_SECONDS": "1",
    # One row a transaction is the default: half the server's CPU time over a run of 70 batches.
    "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_BATCH_SIZE": "100",
    "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_READ_BATCH_SIZE": "100",
    "PREFECT_SERVER_SERVICES_EVENT_PERSISTER_BATCH_SIZE": "200",
    "PREFECT_SERVER_SERVICES_EVENT_PERSISTER_READ_BATCH_SIZE": "200",
}


class Address(BaseModel, frozen=True):
    """Where a server listens. `secured`: it wants its auth string from everyone."""

    host: str = LOOPBACK
    port: int
    secured: bool = False

    @property
    def url(self) -> str:
        """As programs on this machine reach it."""
        return f"http://{self._named(LOOPBACK if self._is_any else self.host)}"

    @property
    def public_url(self) -> str:
        """As people reach it, from this machine or another one."""
        return f"http://{self._named(socket.gethostname() if self._is_any else self.host)}"

    @property
    def api_url(self) -> str:
        """The API, as programs on this machine reach it."""
        return f"{self.url}/api"

    @property
    def _is_any(self) -> bool:
        return self.host in {"0.0.0.0", "::"}  # noqa: S104 - recognised, not bound

    def _named(self, host: str) -> str:
        return f"[{host}]:{self.port}" if ":" in host else f"{host}:{self.port}"


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach a server that listens there."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def server_environment(settings: Settings, address: Address, auth: str = "") -> dict[str, str]:
    """What the local server has to have in its environment: its address, history in the data folder, who may ask.

    `auth` is wanted from everyone if it is not empty. It never stands in a command line, which everyone can read.
    """
    home = settings.prefect_dir.resolve()
    return {
        **PRIVACY,
        **_SERVER,
        # Its own services are clients as well.
        **({SERVER_VARIABLE: auth, CLIENT_VARIABLE: auth} if auth else {}),
        "PREFECT_HOME": str(home),
        "PREFECT_API_URL": address.api_url,
        "PREFECT_SERVER_API_HOST": address.host,
        "PREFECT_SERVER_API_PORT": str(address.port),
        "PREFECT_SERVER_CORS_ALLOWED_ORIGINS": ",".join(dict.fromkeys((address.url, address.public_url))),
        # The default is inside the installed package, which need not be writable.
        "PREFECT_SERVER_UI_STATIC_DIRECTORY": str(home / "ui"),
    }
