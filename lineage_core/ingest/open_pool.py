"""The pool that the settings ask for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lineage_core.errors import SettingsError
from lineage_core.ingest.pool import ParserPool

if TYPE_CHECKING:
    from lineage_core.ingest.executor import Pool
    from lineage_core.settings import Settings


def check_executor(settings: Settings) -> None:
    """Whether the settings name a cluster, if they ask for one; it is not looked for.

    Raises:
        SettingsError: they do not.
    """
    if settings.executor == "dask" and not settings.dask_scheduler_address:
        raise SettingsError(
            "INGEST_EXECUTOR is dask, and DASK_SCHEDULER_ADDRESS is empty.",
            hint="Name the scheduler, such as tcp://10.0.0.5:8786, or set INGEST_EXECUTOR=local.",
        )


def open_pool(settings: Settings) -> Pool:
    """This machine's processes; before them, with `executor` dask, the cluster. Without batching neither.

    Raises:
        SettingsError, ClusterError: the cluster cannot be used.
    """
    check_executor(settings)
    local = ParserPool(settings, sequential=not settings.enable_batching)
    if settings.executor == "local" or not settings.enable_batching:
        return local
    from lineage_core.ingest.cluster.pool import ClusterPool  # Dask takes a second to import

    return ClusterPool(local, settings)
