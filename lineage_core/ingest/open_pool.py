"""The pool that the settings ask for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lineage_core.ingest.pool import ParserPool

if TYPE_CHECKING:
    from lineage_core.ingest.executor import Pool
    from lineage_core.settings import Settings


def open_pool(settings: Settings) -> Pool:
    """This machine's processes; before them, with `executor` dask, the cluster. Without batching neither.

    Raises:
        SettingsError, ClusterError: the cluster cannot be used.
    """
    local = ParserPool(settings, sequential=not settings.enable_batching)
    if settings.executor == "local" or not settings.enable_batching:
        return local
    from lineage_core.ingest.cluster.pool import ClusterPool  # Dask takes a second to import

    return ClusterPool(local, settings)
