"""The embedded server's process: started once for everyone, stopped, looked at, reset."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
from filelock import FileLock

from lineage_core.errors import ServerError
from lineage_core.graph.server.config import (
    HOST,
    admin_command,
    make_password,
    password_file,
    read_password,
    server_command,
    write_config,
)
from lineage_core.graph.server.jars import NEO4J_VERSION, Progress, jars_folder
from lineage_core.graph.server.java import find_java

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lineage_core.settings import Settings

START_SECONDS = 90.0
STOP_SECONDS = 20.0
_POLL_SECONDS = 0.1
_LOG_LINES = 12


@dataclass(frozen=True, slots=True)
class ServerStatus:
    """What is known of the embedded server. `store_bytes`: size of its data on disk; `uptime`: seconds."""

    running: bool
    home: Path
    bolt_uri: str
    browser_url: str
    version: str = NEO4J_VERSION
    pid: int | None = None
    uptime: float = 0.0
    memory_bytes: int = 0
    store_bytes: int = 0


class EmbeddedServer:
    """The Neo4j of one data folder."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._home = settings.neo4j_home.resolve()
        self._pid_file = self._home / "server.pid"
        self.log = self._home / "logs" / "console.log"
        self._admin: subprocess.Popen[str] | None = None

    @property
    def bolt_uri(self) -> str:
        """Address for the driver."""
        return f"bolt://{HOST}:{self._settings.neo4j_bolt_port}"

    @property
    def browser_url(self) -> str:
        """Address of Neo4j Browser."""
        return f"http://{HOST}:{self._settings.neo4j_http_port}/browser/"

    @property
    def password(self) -> str:
        """The password of user neo4j, empty before the first start."""
        return read_password(self._settings)

    def start(self, progress: Progress = lambda _: None) -> ServerStatus:
        """Start the server, if it does not run yet, and wait until it answers.

        Raises:
            ServerError: no jars, no Java, a port in use, or a server that ends early (with the end of its log).
        """
        with self._locked():
            if self._process() is None:
                java = find_java(self._settings)
                jars = jars_folder(self._settings, progress)
                self._check_ports()
                progress(f"Starting Neo4j {NEO4J_VERSION} ...")
                home = write_config(self._settings)
                if not self.password:
                    self._set_password(java, jars)
                self._spawn(server_command(java, jars, home))
            self._wait_until_ready()
        return self.status()

    def stop(self) -> bool:
        """Stop the server; False if it did not run."""
        with self._locked():
            process = self._process()
            if process is not None:
                process.send_signal(signal.SIGTERM)
                if not self._wait_until_gone():
                    process.kill()
                    self._wait_until_gone()
            self._pid_file.unlink(missing_ok=True)
        return process is not None

    def reset(self) -> None:
        """Stop the server and delete its store and password; the jars stay."""
        self.stop()
        for name in ("data", "logs", "run", "conf"):
            shutil.rmtree(self._home / name, ignore_errors=True)
        password_file(self._settings).unlink(missing_ok=True)

    def status(self) -> ServerStatus:
        """What is known right now."""
        process = self._process()
        stored = sum(_sizes(self._home / "data"))
        return ServerStatus(
            running=process is not None,
            home=self._home,
            bolt_uri=self.bolt_uri,
            browser_url=self.browser_url,
            pid=process.pid if process else None,
            uptime=time.time() - process.create_time() if process else 0.0,
            memory_bytes=process.memory_info().rss if process else 0,
            store_bytes=stored,
        )

    @contextmanager
    def _locked(self) -> Iterator[None]:
        try:
            self._home.mkdir(parents=True, exist_ok=True, mode=0o700)
            with FileLock(self._home / "start.lock", timeout=2 * START_SECONDS + 900):
                yield
        except OSError as error:
            raise ServerError(
                f"The folder of the embedded Neo4j, {self._home}, cannot be used: {error}",
                hint="Set LINEAGE_DATA_DIR to a folder that can be written, or NEO4J_URI to a server of your own.",
            ) from error

    def _process(self) -> psutil.Process | None:
        """The running server; a pid that has come to another process since does not count."""
        try:
            pid, started = self._pid_file.read_text().split()
            process = psutil.Process(int(pid))
            same = abs(process.create_time() - float(started)) < 1 and process.status() != psutil.STATUS_ZOMBIE
        except (OSError, ValueError, psutil.NoSuchProcess):
            return None
        return process if same else None

    def _wait_until_gone(self) -> bool:
        """Whether it has ended in time. Not psutil's wait: that waits for a parent to reap it, which need not come."""
        deadline = time.monotonic() + STOP_SECONDS
        while self._process() is not None:
            if time.monotonic() > deadline:
                return False
            time.sleep(_POLL_SECONDS)
        return True

    def _check_ports(self) -> None:
        ports = {
            "LINEAGE_NEO4J_BOLT_PORT": self._settings.neo4j_bolt_port,
            "LINEAGE_NEO4J_HTTP_PORT": self._settings.neo4j_http_port,
        }
        for name, port in ports.items():
            if _answers(port):
                raise ServerError(
                    f"Port {port} on {HOST} is in use, so the embedded Neo4j cannot start.",
                    hint=f"Stop what uses it, set {name} to a free port, or NEO4J_URI to the server that runs there.",
                )

    def call_off(self) -> None:
        """End what a start that goes on in another thread runs beside the server; that start fails then."""
        if (admin := self._admin) is not None:
            admin.kill()

    def _set_password(self, java: Path, jars: Path) -> None:
        """Before the first start: no moment exists in which the server would take the well-known default."""
        password = make_password(self._settings)
        environment = {**os.environ, "NEO4J_HOME": str(self._home), "NEO4J_CONF": str(self._home / "conf")}
        command = admin_command(java, jars, "dbms", "set-initial-password", password)
        out = subprocess.PIPE
        with subprocess.Popen(command, env=environment, stdout=out, stderr=subprocess.STDOUT, text=True) as admin:
            self._admin = admin
            said = admin.communicate()[0].replace(password, "***").strip()
        self._admin = None
        if admin.returncode:
            password_file(self._settings).unlink(missing_ok=True)
            raise ServerError(
                f"The first password of Neo4j cannot be set: {said[-400:]}", hint="Try `lineage db reset`."
            )

    def _spawn(self, command: list[str]) -> None:
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            child = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self._home, start_new_session=True
            )
        self._pid_file.write_text(f"{child.pid} {psutil.Process(child.pid).create_time()}")
        # It outlives this command, which must not warn of a child left behind.
        child.returncode = 0

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if self._process() is None:
                raise ServerError(f"Neo4j ended while starting. {self._last_words()}", hint=f"Its log is {self.log}.")
            if _answers(self._settings.neo4j_bolt_port) and self._accepts():
                return
            time.sleep(_POLL_SECONDS)  # nothing to wait on: another process is starting
        raise ServerError(f"Neo4j does not answer after {START_SECONDS:.0f} s.", hint=f"Its log is {self.log}.")

    def _accepts(self) -> bool:
        """Whether a query can be run: the port opens before the database does."""
        from neo4j import GraphDatabase
        from neo4j.exceptions import AuthError, DriverError, Neo4jError

        try:
            login = ("neo4j", self.password)
            with GraphDatabase.driver(self.bolt_uri, auth=login, max_transaction_retry_time=0) as driver:
                driver.execute_query("RETURN 1", database_="neo4j")
        except AuthError as error:
            raise ServerError(
                f"Neo4j at {self.bolt_uri} refuses the password in {password_file(self._settings)}.",
                hint="If it was changed by hand, write the new one there; `lineage db reset` starts afresh.",
            ) from error
        except (DriverError, Neo4jError, OSError):
            return False
        return True

    def _last_words(self) -> str:
        lines = self.log.read_text("utf-8", "replace").splitlines()[-_LOG_LINES:] if self.log.is_file() else []
        return "Its last words:\n" + "\n".join(lines) if lines else ""


def _sizes(folder: Path) -> Iterator[int]:
    """Of the files below a folder, some of which a running server deletes meanwhile."""
    for place, _, names in os.walk(folder):
        for name in names:
            with suppress(FileNotFoundError):
                yield Path(place, name).lstat().st_size


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1.0)
        return probe.connect_ex((HOST, port)) == 0
