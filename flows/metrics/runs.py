"""Counts a run: its outcome, its time, what came of its files and rows."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Literal

from flows.metrics.keeper import kept_metrics
from lineage_core import metrics

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from lineage_core.ingest.report import Report
    from lineage_core.model.files import FileVersion
    from lineage_core.settings import Settings

Kind = Literal["bulk", "incremental", "replay"]

_OLD_SECONDS = 3600.0
"""A file that was changed longer ago was moved here, or nobody watched: its age says nothing of how fast a run was."""


class Counted:
    """Told how the run ended; one that is not told has failed."""

    ended_well = False


@contextmanager
def counted_run(kind: Kind, settings: Settings) -> Iterator[Counted]:
    """Count the run that the block is, and keep what is counted meanwhile."""
    started = time.perf_counter()
    counted = Counted()
    with kept_metrics(settings):
        try:
            yield counted
        finally:
            metrics.RUNS.labels(kind, "completed" if counted.ended_well else "failed").inc()
            metrics.RUN_SECONDS.labels(kind).observe(time.perf_counter() - started)
            if counted.ended_well:
                metrics.LAST_SUCCESS.labels(kind).set(time.time())


def count_report(report: Report) -> None:
    """Count what a run did."""
    for status, files in report.files.model_dump().items():
        metrics.FILES.labels(status).inc(files)
    for kind, rows in report.changes.model_dump().items():
        metrics.CHANGES.labels(kind).inc(rows)
    metrics.REFUSED.inc(report.dead_letters)


def count_saves(written: Sequence[FileVersion]) -> None:
    """Count how long files that an incremental run has just written were on their way."""
    now = time.time()
    for version in written:
        seconds = now - version.mtime_ns / 1e9
        if seconds < _OLD_SECONDS:
            metrics.SAVE_TO_GRAPH_SECONDS.observe(max(seconds, 0.0))
