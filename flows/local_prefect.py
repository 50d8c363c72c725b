"""The local Prefect server as a process: started by its first user, shared by the next, stopped by the last.

`server.json` in its folder names the process, its address and its users (processes as well). It is changed under a file
lock only, so that commands in two terminals share one server and one history. A user that was killed does not count, as
its process is gone; a server that was left behind is taken over by the next command.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import psutil
from filelock import FileLock
from pydantic import BaseModel, ValidationError

from flows.ports import described_holder, free_port, is_free
from flows.prefect_auth import make_auth
from flows.server_environment import OF_ANOTHER_SERVER, Address, server_environment
from lineage_core.errors import ServerError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from lineage_core.settings import Settings

STOP_SECONDS = 10.0
_LOCK_SECONDS = 60.0
_LOOK_AGAIN_SECONDS = 0.02


class ProcessId(BaseModel, frozen=True):
    """A process that cannot be mistaken for a later one with the same pid. `started` is in seconds since 1970."""

    pid: int
    started: float

    @classmethod
    def current(cls) -> ProcessId:
        """The process that asks."""
        return cls.of(os.getpid())

    @classmethod
    def of(cls, pid: int) -> ProcessId:
        """The process that has this pid now.

        Raises:
            psutil.NoSuchProcess: there is none.
        """
        return cls(pid=pid, started=psutil.Process(pid).create_time())

    def find(self) -> psutil.Process | None:
        """The process, unless it has ended."""
        try:
            process = psutil.Process(self.pid)
            same = abs(process.create_time() - self.started) < 1 and process.status() != psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return None
        return process if same else None


class RunningServer(BaseModel):
    """What `server.json` says. `users` may name one process several times."""

    process: ProcessId
    address: Address
    users: list[ProcessId] = []

    @property
    def api_url(self) -> str:
        """Its API, as programs on this machine reach it."""
        return self.address.api_url

    def used_by(self, users: list[ProcessId]) -> RunningServer:
        """The same server with other users."""
        return self.model_copy(update={"users": users})


def read_server(folder: Path) -> RunningServer | None:
    """The server that runs in a folder, with those of its users that are still there; None if none runs."""
    server = _read_state(folder)
    return server if server is not None and server.process.find() is not None else None


def _read_state(folder: Path) -> RunningServer | None:
    try:
        server = RunningServer.model_validate_json((folder / "server.json").read_bytes())
    except (OSError, ValidationError):
        return None
    return server.used_by([user for user in server.users if user.find()])


class LocalServer:
    """The local server of one data folder, as seen by one user of it."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._folder = settings.prefect_dir
        self._state = self._folder / "server.json"
        self._user = ProcessId.current()

    @property
    def log(self) -> Path:
        """What the server had to say since its last start."""
        return self._folder / "server.log"

    def enter(self, wanted: Address | None = None) -> RunningServer:
        """Become a user of the running server, or of one that is started now and will answer in some seconds.

        Args:
            wanted: where a server that is started now listens, any free port if it is not given. A running one that
                listens elsewhere is used all the same, if it is as safe, or is replaced, if nobody uses it.

        Raises:
            ServerError: the folder cannot be written, the wanted port is in use, or a server that is less safe.
        """
        with self._locked():
            server = read_server(self._folder)
            if server is not None and wanted is not None and wanted != server.address:
                server = self._kept_or_replaced(server, wanted)
            server = server or self._start(wanted)
            return self._keep(server.used_by([*server.users, self._user]))

    def leave(self, seconds: float = STOP_SECONDS) -> None:
        """Stop being a user; the last one stops the server, which is killed if that takes longer than `seconds`."""
        with self._locked():
            server = _read_state(self._folder)
            if server is None:
                return
            if self._user in server.users:
                server.users.remove(self._user)
            if server.users:
                self._keep(server)
            else:
                _stop(server.process, seconds)
                self._state.unlink(missing_ok=True)

    def _kept_or_replaced(self, server: RunningServer, wanted: Address) -> RunningServer | None:
        others = [user for user in server.users if user != self._user]
        if not others:
            _stop(server.process, STOP_SECONDS)
            return None
        if (server.address.host, server.address.secured) == (wanted.host, wanted.secured):
            return server
        raise ServerError(
            f"A local Prefect server runs already at {server.address.url}, "
            f"{'with' if server.address.secured else 'without'} an auth string, for process {others[0].pid}.",
            hint="Wait until that command is done, or stop it; then start this one again.",
        )

    def _keep(self, server: RunningServer) -> RunningServer:
        draft = self._state.with_suffix(".new")
        draft.write_text(server.model_dump_json())
        draft.chmod(0o600)
        draft.replace(self._state)
        return server

    def _start(self, wanted: Address | None) -> RunningServer:
        """Start the server in a session of its own: Ctrl-C is for the command, which still has to report to it."""
        last = _read_state(self._folder)
        users = last.users if last else []
        if last and users and wanted is None:
            wanted = last.address  # it died under its users, who know it by that address
        address = wanted or Address(port=free_port())
        if not is_free(address.port, address.host):
            raise _in_use(address)
        auth = make_auth(self._folder) if address.secured else ""
        around = {name: value for name, value in os.environ.items() if name not in OF_ANOTHER_SERVER}
        environment = {**around, **server_environment(self._settings, address, auth)}
        return RunningServer(process=_spawn(environment, self.log), address=address, users=users)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            with FileLock(self._folder / "server.lock", timeout=_LOCK_SECONDS):
                yield
        except OSError as error:
            raise ServerError(
                f"The folder of the local Prefect server, {self._folder}, cannot be used: {error}",
                hint="Set LINEAGE_DATA_DIR to a folder that can be written, or PREFECT_API_URL to your own server.",
            ) from error


def _spawn(environment: dict[str, str], log: Path) -> ProcessId:
    """Not subprocess: another process may be the one to stop and reap it."""
    command = [sys.executable, "-m", "flows.serve_prefect"]
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
    output = [
        (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
        (os.POSIX_SPAWN_OPEN, 1, str(log), flags, 0o600),
        (os.POSIX_SPAWN_DUP2, 1, 2),
    ]
    return ProcessId.of(os.posix_spawn(sys.executable, command, environment, file_actions=output, setsid=True))


def _in_use(address: Address) -> ServerError:
    return ServerError(
        f"Port {address.port} of {address.host} is in use by {described_holder(address.port)}, "
        "so the local Prefect server cannot start.",
        hint="Stop it, or set LINEAGE_PREFECT_PORT to a free port. If it is a Prefect server to be used, set "
        f"PREFECT_API_URL={address.api_url}.",
    )


def _stop(process: ProcessId, seconds: float) -> None:
    """End the server: asked first, then forced."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        running = process.find()
        if running is not None:
            running.send_signal(number)
        deadline = time.monotonic() + seconds
        while not _is_over(process):
            if time.monotonic() > deadline:
                break
            time.sleep(_LOOK_AGAIN_SECONDS)


def _is_over(process: ProcessId) -> bool:
    """Whether the process has ended. It may be the child of another process, which reaps it when it likes."""
    try:
        ended, _ = os.waitpid(process.pid, os.WNOHANG)
    except ChildProcessError:
        return process.find() is None
    return ended != 0
