"""The metrics endpoint of services that run by themselves: whichever gets the port serves those of the data folder."""

from __future__ import annotations

import logging
from contextlib import contextmanager, nullcontext
from functools import partial
from typing import TYPE_CHECKING

from flows.alongside import alongside
from flows.metrics.endpoint import Endpoint
from flows.metrics.keeper import kept_metrics

if TYPE_CHECKING:
    import threading
    from collections.abc import Iterator

    from lineage_core.settings import Settings

_AGAIN_SECONDS = 30.0
_log = logging.getLogger(__name__)


@contextmanager
def served_metrics(settings: Settings) -> Iterator[None]:
    """Keep this process's metrics, and serve those of the data folder unless another process does.

    The port is tried again now and then, so that who lives longest serves. No port (0), as in the parts of a stack: the
    metrics are only kept.
    """
    serving = alongside(partial(_serve, settings), "metrics-port") if settings.metrics_port else nullcontext()
    with kept_metrics(settings), serving:
        yield


def _serve(settings: Settings, over: threading.Event) -> None:
    while not over.is_set():
        endpoint = Endpoint(settings)
        try:
            endpoint.start()
        except OSError:
            _log.debug(
                "Port %d is taken, by another process that serves the metrics or by a stranger.", settings.metrics_port
            )
            over.wait(_AGAIN_SECONDS)
            continue
        _log.info("Metrics at %s", endpoint.url)
        over.wait()
        endpoint.stop()
