"""What a flow run's process and the runner tell each other, over a Unix socket: lines of JSON, and file descriptors."""

from __future__ import annotations

import json
import socket
from contextlib import suppress
from typing import Any

SOCKET_VARIABLE = "LINEAGE_WARM_SOCKET"
"""Where the runner listens; in the environment of the worker and so of its flow runs."""

_MOST_BYTES = 1 << 22


class Line:
    """Lines of JSON on one connection."""

    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection
        self._rest = b""

    def send(self, message: dict[str, Any], descriptors: tuple[int, ...] = ()) -> None:
        """One message, with file descriptors."""
        data = json.dumps(message).encode() + b"\n"
        sent = socket.send_fds(self.connection, [data], descriptors) if descriptors else 0
        self.connection.sendall(data[sent:])

    def receive(self) -> dict[str, Any] | None:
        """The next message; None once the other side has closed."""
        message, _ = self.receive_with(0)
        return message

    def receive_with(self, count: int) -> tuple[dict[str, Any] | None, list[int]]:
        """The next message, and up to `count` file descriptors that came with it."""
        descriptors: list[int] = []
        while b"\n" not in self._rest and len(self._rest) < _MOST_BYTES:
            with suppress(ConnectionResetError):
                data, more, _, _ = socket.recv_fds(self.connection, 1 << 16, count)
                descriptors += more
                if data:
                    self._rest += data
                    continue
            return None, descriptors
        line, _, self._rest = self._rest.partition(b"\n")
        return json.loads(line), descriptors
