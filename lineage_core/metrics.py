"""What the processes of an ingest count and measure, as Prometheus metrics; whoever serves them reads `REGISTRY`.

Names and units follow Prometheus' conventions but for the first four, which are given. Label values are few and fixed.
"""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics

if TYPE_CHECKING:
    from collections.abc import Iterator

disable_created_metrics()  # type: ignore[no-untyped-call] # a second series for each counter, which nobody asks for

REGISTRY = CollectorRegistry(auto_describe=False)

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300)
_LONGER = (*_SECONDS, 600, 1800, 3600, 7200)
_FILES = (1, 2, 5, 10, 20, 30, 40, 50, 100, 250, 500, 1000)

CACHE_HITS = Counter("parse_cache_hit", "Files whose facts the parse cache had.", registry=REGISTRY)
CACHE_MISSES = Counter("parse_cache_miss", "Files that were parsed.", registry=REGISTRY)
BATCH_FILES = Histogram(
    "batch_size_histogram", "Files of a batch, at each try.", ["stage"], buckets=_FILES, registry=REGISTRY
)
BATCH_SECONDS = Histogram(
    "batch_processing_duration_seconds",
    "What a batch took, at each try.",
    ["stage"],
    buckets=_SECONDS,
    registry=REGISTRY,
)

FILES = Counter("lineage_files", "Files of ended runs by what became of them.", ["status"], registry=REGISTRY)
CHANGES = Counter("lineage_rows_written", "Nodes and relationships by what was done.", ["kind"], registry=REGISTRY)
REFUSED = Counter("lineage_rows_refused", "Rows that went to the dead letters.", registry=REGISTRY)
RETRIES = Counter("lineage_retries", "Tries of tasks after a failed one, by its cause.", ["cause"], registry=REGISTRY)
TRANSACTION_SECONDS = Histogram(
    "lineage_database_transaction_seconds",
    "From the begin of a writing transaction to its end.",
    ["outcome"],
    buckets=_SECONDS,
    registry=REGISTRY,
)
WINDOW_FILES = Histogram(
    "lineage_watch_window_files", "Paths of a watcher's window when it closes.", buckets=_FILES, registry=REGISTRY
)
SAVE_TO_GRAPH_SECONDS = Histogram(
    "lineage_save_to_graph_seconds",
    "From a file's last change on disk until an incremental run had written it.",
    buckets=_LONGER,
    registry=REGISTRY,
)
RUNS = Counter("lineage_runs", "Ended runs.", ["kind", "outcome"], registry=REGISTRY)
RUN_SECONDS = Histogram(
    "lineage_run_duration_seconds", "What a run took.", ["kind"], buckets=_LONGER, registry=REGISTRY
)
LAST_SUCCESS = Gauge(
    "lineage_last_success_timestamp_seconds", "When a run last ended with everything done.", ["kind"], registry=REGISTRY
)
QUEUE_RUNS = Gauge("lineage_queue_runs", "Runs of a work queue.", ["queue", "state"], registry=REGISTRY)


@contextmanager
def measured_batch(stage: str, files: int) -> Iterator[None]:
    """Measure a try at a batch, whether it fails or not.

    Args:
        stage: hash, parse, link, write or delete.
        files: of the batch.
    """
    BATCH_FILES.labels(stage).observe(files)
    started = time.perf_counter()
    try:
        yield
    finally:
        BATCH_SECONDS.labels(stage).observe(time.perf_counter() - started)
