"""A Neo4j of the tests' own, which may be killed, and a way to it that goes wrong as it is told."""

from __future__ import annotations

import socket
import threading
from collections import deque
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import psutil
import pytest

from flows.ports import free_port
from lineage_core.graph.connection import Database, locate, open_driver
from lineage_core.graph.server.process import EmbeddedServer
from lineage_core.graph.snapshot import Snapshot, snapshot
from lineage_core.graph.writer import prepare
from lineage_core.settings import Settings, load_settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

STALL_SECONDS = 8
"""After which a connection to the tests' own server counts as lost."""

Fault = Literal["pass", "before", "after", "stall"]

_BEGIN = b"tx_timeout"
"""In the BEGIN of a writer's transaction; reads have no time limit."""

_COMMIT = b"\x00\x02\xb0\x12\x00\x00"
"""Bolt's COMMIT: a chunk of two bytes, a structure of no fields with the signature 0x12, the end of the message."""


@dataclass
class Pair:
    """One connection: the driver's side and the database's. `answers` is what becomes of the database's next answer.

    `writes` while a writer's transaction is open.
    """

    client: socket.socket
    server: socket.socket
    answers: Literal["delivered", "cut", "lost"] = "delivered"
    writes: bool = False

    def cut(self) -> None:
        """End both sides."""
        for side in (self.client, self.server):
            with suppress(OSError):
                side.shutdown(socket.SHUT_RDWR)
            side.close()


class Proxy:
    """Stands between the driver and the database.

    What happens at the writers' next COMMITs is queued in `faults`: `pass` lets one through; `before` cuts the connection
    instead of delivering it; `after` delivers it, waits for the answer, and cuts the connection instead of delivering
    that; `stall` delivers nothing any more, in both directions, and leaves the connection open.
    """

    def __init__(self, target: int) -> None:
        self.faults: deque[Fault] = deque()
        self.commits = 0
        self.at_commit: Callable[[int], object] = lambda _: None
        self._target = target
        self._pairs: list[Pair] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._listen()

    def down(self, seconds: float) -> None:
        """Cut everything, and refuse connections for some seconds from now on."""
        self.close()
        threading.Timer(seconds, self.open).start()

    def close(self) -> None:
        """Cut everything, and listen no more."""
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        while self._pairs:
            self._pairs.pop().cut()

    def open(self) -> None:
        """Take connections again."""
        self._listener = socket.create_server(("127.0.0.1", self.port))
        self._listen()

    def _listen(self) -> None:
        threading.Thread(target=self._accept, args=[self._listener], daemon=True).start()

    def _accept(self, listener: socket.socket) -> None:
        with suppress(OSError):  # the listener was closed
            while True:
                client, _ = listener.accept()
                pair = Pair(client, socket.create_connection(("127.0.0.1", self._target)))
                self._pairs.append(pair)
                for pump in (self._from_driver, self._from_database):
                    threading.Thread(target=pump, args=[pair], daemon=True).start()

    def _from_driver(self, pair: Pair) -> None:
        for data in _received(pair.client):
            pair.writes |= _BEGIN in data
            fault: Fault = "pass"
            if pair.writes and _COMMIT in data:
                pair.writes = False
                fault = self._fault()
            if fault == "before":
                break
            if fault == "stall":
                pair.answers = "lost"
                return
            if fault == "after":
                pair.answers = "cut"
            _send(pair.server, data)
        if pair.answers == "delivered":
            pair.cut()

    def _fault(self) -> Fault:
        self.commits += 1
        self.at_commit(self.commits)
        return self.faults.popleft() if self.faults else "pass"

    def _from_database(self, pair: Pair) -> None:
        for data in _received(pair.server):
            if pair.answers == "cut":
                break
            if pair.answers == "delivered":
                _send(pair.client, data)
        pair.cut()


def _received(side: socket.socket) -> Iterator[bytes]:
    with suppress(OSError):
        while data := side.recv(65536):
            yield data


def _send(side: socket.socket, data: bytes) -> None:
    with suppress(OSError):
        side.sendall(data)


class Server:
    """A Neo4j that no other test uses."""

    def __init__(self, settings: Settings) -> None:
        self._server = EmbeddedServer(settings)
        self._settings = settings
        self._server.start()
        with open_driver(self.database) as driver:
            prepare(driver, "neo4j")

    @property
    def port(self) -> int:
        """Of Bolt."""
        return self._settings.neo4j_bolt_port

    @property
    def database(self) -> Database:
        """The way to it that does not go wrong."""
        return locate(self._settings)

    def graph(self, project: str) -> Snapshot:
        """What a project has in the graph; by a connection of its own, as the server may have been killed."""
        with open_driver(self.database) as driver:
            return snapshot(driver, "neo4j", project)

    def kill(self) -> None:
        """kill -9."""
        process = psutil.Process(self._server.status().pid)
        process.kill()
        process.wait(10)

    def start(self) -> None:
        """Start it again; it repairs its store itself."""
        self._server.start()

    def stop(self) -> None:
        """For good."""
        self._server.stop()


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory, database: Database) -> Iterator[Server]:  # noqa: ARG001
    """One for all tests of a worker; `database` knows whether a Neo4j can be had at all."""
    own = load_settings(
        data_dir=tmp_path_factory.mktemp("own-neo4j"),
        neo4j_uri="",
        neo4j_bolt_port=free_port(),
        neo4j_http_port=free_port(),
        neo4j_stall_seconds=STALL_SECONDS,
    )
    with pytest.MonkeyPatch.context() as patch:
        # started often and for seconds only: the better compiler would be at work most of that time
        patch.setenv("JAVA_TOOL_OPTIONS", "-XX:TieredStopAtLevel=1")
        made = Server(own)
        yield made
        made.stop()


@pytest.fixture
def proxy(server: Server) -> Iterator[Proxy]:
    """A way to the server that goes wrong as it is told."""
    made = Proxy(server.port)
    yield made
    made.close()


@pytest.fixture
def faulty(environment: dict[str, str], server: Server, proxy: Proxy, monkeypatch: pytest.MonkeyPatch) -> Proxy:
    """The proxy, set as this process's way to Neo4j."""
    for name, value in {
        "NEO4J_URI": f"bolt://127.0.0.1:{proxy.port}",
        "NEO4J_USER": server.database.user,
        "NEO4J_PASSWORD": server.database.password,
    }.items():
        monkeypatch.setenv(name, value)
        environment[name] = value
    return proxy
