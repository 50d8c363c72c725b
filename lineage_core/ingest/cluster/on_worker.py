"""What runs on a Dask worker: a parcel is parsed by processes of the worker's own."""

from __future__ import annotations

import multiprocessing
import threading
from functools import lru_cache, partial
from multiprocessing.util import Finalize
from typing import TYPE_CHECKING

from lineage_core.errors import ClusterError
from lineage_core.ingest.cluster.parcel import Returned, parse_sent
from lineage_core.ingest.parse_stage import ParseOptions, failed_parse
from lineage_core.ingest.pool import ParserPool
from lineage_core.settings import load_settings
from lineage_core.sql.parse import PARSER_VERSION
from lineage_core.version import code_version

if TYPE_CHECKING:
    from lineage_core.ingest.cluster.parcel import Parcel, SentFile

WORKER_VERSION = f"{PARSER_VERSION}-{code_version('ingest', 'model', 'source', 'cache')}"
"""What has to be the same on both sides, or facts would differ, or could not be read."""

_MAKING_POOL = threading.Lock()


def worker_version() -> str:
    """The version of the code that this process has loaded."""
    return WORKER_VERSION


def parse_parcel(parcel: Parcel) -> list[Returned]:
    """Parse on a Dask worker, in processes of its own, so that a file costs at most itself; in the files' order.

    Raises:
        ClusterError: this worker's code is not the sender's.
    """
    require_version(parcel.sender, "The Dask worker")
    options = ParseOptions(seconds=parcel.seconds, large=parcel.large)
    return _processes().run_batch(partial(parse_sent, options=options), parcel.files, _lost)


def require_version(theirs: str, who: str) -> None:
    """See that the other side's code is this one's.

    Raises:
        ClusterError: it is not.
    """
    if theirs != WORKER_VERSION:
        raise ClusterError(
            f"{who} has another version of this project: parser and stages are {theirs} and {WORKER_VERSION}.",
            hint="Install the same checkout and requirements.lock on both sides, and start the Dask workers again.",
        )


def _lost(file: SentFile, reason: str) -> Returned:
    return Returned(failed_parse(file.version, reason))


def _processes() -> ParserPool:
    """The parser processes of this Dask worker, as many as it has threads; they end with it."""
    from distributed import get_worker

    with _MAKING_POOL:
        return _pool(get_worker().state.nthreads)


@lru_cache(maxsize=1)
def _pool(processes: int) -> ParserPool:
    # A nanny's worker could start no processes otherwise; how the nanny ends it does not change.
    multiprocessing.current_process().daemon = False
    pool = ParserPool(load_settings(workers=processes))
    # At its end such a worker waits for its processes: they are told before that, and before the queues close (at 10).
    Finalize(None, pool.close, exitpriority=100)
    return pool
