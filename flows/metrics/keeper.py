"""Keeps this process's metrics in its file, while it works and when it is done."""

from __future__ import annotations

import logging
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

from flows.alongside import alongside
from flows.local_prefect import ProcessId
from flows.metrics.kept import counted, file_name, keep
from lineage_core.metrics import REGISTRY

if TYPE_CHECKING:
    import threading
    from collections.abc import Iterator

    from lineage_core.settings import Settings

_EVERY_SECONDS = 5.0
_log = logging.getLogger(__name__)


@contextmanager
def kept_metrics(settings: Settings) -> Iterator[None]:
    """Keep what the block counts, every few seconds and at its end.

    A folder that cannot be written costs the metrics, said in the log, and nothing else.
    """
    with alongside(partial(_keep_until, settings), "metrics"):
        yield


def _keep_until(settings: Settings, over: threading.Event) -> None:
    folder, process = settings.metrics_dir, ProcessId.current()
    name = file_name(process)
    while True:
        last = over.wait(_EVERY_SECONDS)
        try:
            folder.mkdir(parents=True, exist_ok=True)
            keep(folder, name, counted(REGISTRY, process))
        except OSError as error:
            _log.warning("The metrics of this process cannot be kept in %s: %s", folder, error.strerror or error)
            return
        if last:
            return
