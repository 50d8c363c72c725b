"""The pool that has a Dask cluster do what can travel, and the processes of this machine everything else."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from itertools import compress
from typing import TYPE_CHECKING, Any, TypeVar

from lineage_core.ingest.cluster.connection import Cluster
from lineage_core.ingest.executor import PendingBatch, Pool, Portable, pieces

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lineage_core.ingest.executor import Lost, Work
    from lineage_core.settings import Settings

T = TypeVar("T")
R = TypeVar("R")


class ClusterPool(Pool):
    """Portable work goes to the cluster, but for those items that may not travel.

    A lost worker's pieces are given to others by Dask. A piece with which too many were lost is done here, where a file
    that ends its process is found and costs itself.

    Args:
        local: for everything that stays here; closed with this one.
        settings: those of the cluster, and `workers` + 1 batches are on their way at a time.

    Raises:
        SettingsError, ClusterError: see `Cluster`; batches raise them too.
    """

    def __init__(self, local: Pool, settings: Settings) -> None:
        self._local = local
        self._cluster = Cluster(settings)
        self._threads = ThreadPoolExecutor(settings.workers + 1, thread_name_prefix="cluster")

    def close(self) -> None:
        """Leave the cluster and end this machine's processes; batches that were not waited for are given up."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        self._cluster.close()
        self._local.close()
        self._threads.shutdown(wait=True)

    def submit_batch(self, function: Work[T, R], items: Sequence[T], lost: Lost[T, R]) -> PendingBatch[R]:
        """Hand a batch to the cluster if it is portable, else to this machine's processes."""
        if not isinstance(function, Portable):
            return self._local.submit_batch(function, items, lost)
        return PendingBatch([self._threads.submit(self._run, function, items, lost)])

    def _run(self, work: Portable[T, R], items: Sequence[T], lost: Lost[T, R]) -> list[R]:
        """The part that stays is done while the other is away."""
        goes = work.may_travel(items)
        stays = self._local.submit_batch(work, list(compress(items, (not away for away in goes))), lost)
        away = iter(self._away(work, list(compress(items, goes)), lost))
        here = iter(stays.result())
        return [next(away if travels else here) for travels in goes]

    def _away(self, work: Portable[T, R], items: Sequence[T], lost: Lost[T, R]) -> list[R]:
        if not items:
            return []
        count = sum(self._cluster.threads().values()) or len(items)
        sent = [(piece, self._cluster.submit(work.pack(piece))) for piece in pieces(items, count)]
        return [result for piece, future in sent for result in self._answered(work, piece, future, lost)]

    def _answered(self, work: Portable[T, R], piece: Sequence[T], future: Any, lost: Lost[T, R]) -> list[R]:
        from distributed import KilledWorker

        try:
            return work.accept(piece, self._cluster.result(future))
        except KilledWorker:
            return self._local.run_batch(work, piece, lost)
