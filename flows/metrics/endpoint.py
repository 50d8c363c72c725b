"""The metrics endpoint: what Prometheus may ask, on loopback, and the upkeep behind it."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, start_http_server

from flows.metrics.collectors import BuildCollector, KeptCollector
from flows.metrics.kept import fold
from flows.server_environment import LOOPBACK

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from http.server import HTTPServer
    from threading import Thread

    from prometheus_client.registry import Collector

    from lineage_core.settings import Settings

_UPKEEP_SECONDS = 10.0
_log = logging.getLogger(__name__)


class Endpoint:
    """Serves /metrics of a data folder, once started.

    Args:
        settings: name the folder and the port.
        more: what this process can tell besides.
        upkeep: called every few seconds; may take its time, as nobody who asks waits for it.
    """

    def __init__(
        self, settings: Settings, more: Iterable[Collector] = (), upkeep: Callable[[], object] = lambda: None
    ) -> None:
        self._folder = settings.metrics_dir
        self._port = settings.metrics_port
        self._upkeep = upkeep
        self.url = f"http://{LOOPBACK}:{self._port}/metrics"
        self.registry = CollectorRegistry(auto_describe=False)
        for collector in (KeptCollector(self._folder), BuildCollector(settings.dead_letters), *more):
            self.registry.register(collector)
        self._serving: tuple[HTTPServer, Thread] | None = None
        self._over = threading.Event()
        self._housekeeper = threading.Thread(target=self._keep_up, name="metrics-upkeep", daemon=True)

    def start(self) -> None:
        """Take the port.

        Raises:
            OSError: it is in use.
        """
        self._serving = start_http_server(self._port, LOOPBACK, self.registry)
        self._housekeeper.start()

    def stop(self) -> None:
        """Give the port back."""
        self._over.set()
        if self._serving is not None:
            server, thread = self._serving
            server.shutdown()
            server.server_close()
            thread.join()
            self._housekeeper.join()

    def _keep_up(self) -> None:
        while True:
            try:
                self._upkeep()
                if self._folder.is_dir():
                    fold(self._folder)
            except OSError as error:
                _log.warning("The metrics' folder %s cannot be kept up: %s", self._folder, error.strerror or error)
            if self._over.wait(_UPKEEP_SECONDS):
                return
