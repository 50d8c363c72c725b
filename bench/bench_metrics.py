"""What the metrics cost: a scrape of several processes, keeping a process's own, and counting in a run.

.venv/bin/python bench/bench_metrics.py [--processes 20] [--rounds 200]
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING

from flows.local_prefect import ProcessId
from flows.metrics.endpoint import Endpoint
from flows.metrics.kept import counted, file_name, keep
from flows.ports import free_port
from lineage_core import metrics
from lineage_core.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable

TARGET_SECONDS = 0.005
"""For a scrape."""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--processes", type=int, default=20, help="that have kept something")
    parser.add_argument("--rounds", type=int, default=200)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        settings = Settings(data_dir=Path(scratch), metrics_port=free_port())
        settings.metrics_dir.mkdir(parents=True)
        count_everything()
        me = ProcessId.current()
        for number in range(options.processes):
            one = ProcessId(pid=os.getpid(), started=me.started + number / 1000)
            keep(settings.metrics_dir, file_name(one), counted(metrics.REGISTRY, one))
        endpoint = Endpoint(settings)
        endpoint.start()
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        size = len(opener.open(endpoint.url).read())
        show(f"scrape, {size:,} bytes", lambda: opener.open(endpoint.url).read(), options.rounds)
        show(
            "keep this process's", lambda: keep(settings.metrics_dir, file_name(me), counted(metrics.REGISTRY, me)), 50
        )
        show("count a batch", count_a_batch, 10_000)
        endpoint.stop()


def count_a_batch() -> None:
    """What a batch of a run costs at most."""
    with metrics.measured_batch("write", 50):
        metrics.TRANSACTION_SECONDS.labels("committed").observe(0.02)


def count_everything() -> None:
    """Give every series a value."""
    for stage in ("hash", "parse", "link", "write", "delete"):
        metrics.BATCH_FILES.labels(stage).observe(50)
        metrics.BATCH_SECONDS.labels(stage).observe(0.2)
    for status in ("ok", "partial", "failed", "relinked", "unchanged", "deleted"):
        metrics.FILES.labels(status).inc(10)
        metrics.CHANGES.labels(status).inc(10)
    for kind in ("bulk", "incremental", "replay"):
        metrics.RUN_SECONDS.labels(kind).observe(3)
        metrics.LAST_SUCCESS.labels(kind).set(time.time())
        for outcome in ("completed", "failed"):
            metrics.RUNS.labels(kind, outcome).inc()
    for queue in ("critical", "normal", "batch"):
        for state in ("scheduled", "late", "running"):
            metrics.QUEUE_RUNS.labels(queue, state).set(1)
    for plain in (metrics.CACHE_HITS, metrics.CACHE_MISSES, metrics.REFUSED):
        plain.inc()
    for histogram in (metrics.WINDOW_FILES, metrics.SAVE_TO_GRAPH_SECONDS):
        histogram.observe(2)


def show(what: str, work: Callable[[], object], rounds: int) -> None:
    """Print the median and the 95th percentile of so many times."""
    seconds = []
    for _ in range(rounds):
        started = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - started)
    p50, p95 = statistics.median(seconds), statistics.quantiles(seconds, n=20)[-1]
    print(f"{what:32} p50 {p50 * 1e3:8.3f} ms   p95 {p95 * 1e3:8.3f} ms")


if __name__ == "__main__":
    main()
