"""A way to a database that is cut for whoever sends a certain text: the database is there, but not for one file."""

from __future__ import annotations

import socket
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_CHUNK = 1 << 16


class RefusingWay:
    """Stands between the driver and the database; `refused` is the text, empty for none.

    Bolt sends texts as they are, so the path of a file can be found in what is written for it.
    """

    def __init__(self, target: tuple[str, int]) -> None:
        self.refused = b""
        self.cuts = 0
        self._target = target
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    @contextmanager
    def refuses(self, text: str) -> Iterator[None]:
        """Until the end of the block."""
        self.refused = text.encode()
        try:
            yield
        finally:
            self.refused = b""

    def close(self) -> None:
        """Listen no more."""
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):  # the listener was closed
            while True:
                client, _ = self._listener.accept()
                server = socket.create_connection(self._target)
                for pump in (self._to_database, self._to_driver):
                    threading.Thread(target=pump, args=[client, server], daemon=True).start()

    def _to_database(self, client: socket.socket, server: socket.socket) -> None:
        last = b""
        for data in _received(client):
            if self.refused and self.refused in last + data:
                self.cuts += 1
                break
            last = data[-len(self.refused) :] if self.refused else b""
            with suppress(OSError):
                server.sendall(data)
        _close(client, server)

    def _to_driver(self, client: socket.socket, server: socket.socket) -> None:
        for data in _received(server):
            with suppress(OSError):
                client.sendall(data)
        _close(client, server)


def _received(side: socket.socket) -> Iterator[bytes]:
    with suppress(OSError):
        while data := side.recv(_CHUNK):
            yield data


def _close(*sides: socket.socket) -> None:
    for side in sides:
        with suppress(OSError):
            side.shutdown(socket.SHUT_RDWR)
        side.close()
