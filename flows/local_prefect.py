"""The local Prefect server as a process: started by its first user, shared by the next, stopped by the last.

`server.json` in its folder names the process, its address and its users (processes as well). It is changed under a file
lock only, so that commands in two terminals share one server and one history. A user that was killed does not count, as
its process is gone; a server that was left behind is taken over by the next command.
"""

from __future__ import annotations

import os
import signal
import socket
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import psutil
from filelock import FileLock
from pydantic import BaseModel, ValidationError

from flows.prefect_environment import server_environment
from lineage_core.errors import ServerError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from lineage_core.settings import Settings

STOP_SECONDS = 10.0
_LOCK_SECONDS = 60.0
_LOOK_AGAIN_SECONDS = 0.02


class ProcessId(BaseModel):
    """A process that cannot be mistaken for a later one with the same pid. `started` is in seconds since 1970."""

    pid: int
    started: float

    @classmethod
    def current(cls) -> ProcessId:
        """The process that asks."""
        return cls(pid=os.getpid(), started=psutil.Process().create_time())

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
    api_url: str
    users: list[ProcessId] = []

    def used_by(self, users: list[ProcessId]) -> RunningServer:
        """The same server with other users."""
        return self.model_copy(update={"users": users})


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

    def enter(self) -> RunningServer:
        """Become a user of the running server, or of one that is started now and will answer in some seconds.

        Raises:
            ServerError: the folder cannot be written.
        """
        with self._locked():
            server = self._running() or self._start()
            return self._keep(server.used_by([*server.users, self._user]))

    def leave(self) -> None:
        """Stop being a user; the last one stops the server."""
        with self._locked():
            server = self._running()
            if server is None:
                return
            if self._user in server.users:
                server.users.remove(self._user)
            if server.users:
                self._keep(server)
            else:
                _stop(server.process)
                self._state.unlink(missing_ok=True)

    def _running(self) -> RunningServer | None:
        """The running server with those of its users that are still there."""
        try:
            server = RunningServer.model_validate_json(self._state.read_bytes())
        except (FileNotFoundError, ValidationError):
            return None
        if server.process.find() is None:
            return None
        return server.used_by([user for user in server.users if user.find()])

    def _keep(self, server: RunningServer) -> RunningServer:
        draft = self._state.with_suffix(".new")
        draft.write_text(server.model_dump_json())
        draft.replace(self._state)
        return server

    def _start(self) -> RunningServer:
        """Start the server in a session of its own: Ctrl-C is for the command, which still has to report to it."""
        port = _free_port()
        environment = server_environment(self._settings, port)
        command = [sys.executable, "-m", "prefect", "server", "start", "--host", "127.0.0.1", "--port", str(port)]
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
        output = [
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, str(self.log), flags, 0o600),
            (os.POSIX_SPAWN_DUP2, 1, 2),
        ]
        # Not subprocess: another process may be the one to stop and reap it.
        pid = os.posix_spawn(sys.executable, command, {**os.environ, **environment}, file_actions=output, setsid=True)
        process = ProcessId(pid=pid, started=psutil.Process(pid).create_time())
        return RunningServer(process=process, api_url=environment["PREFECT_API_URL"])

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


def _stop(process: ProcessId) -> None:
    """End the server: asked first, then forced."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        running = process.find()
        if running is not None:
            running.send_signal(number)
        deadline = time.monotonic() + STOP_SECONDS
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


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
