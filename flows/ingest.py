"""What the bulk and the incremental flow have in common: everything but where they look."""

from __future__ import annotations

import logging
import time
from contextlib import ExitStack
from functools import partial
from typing import TYPE_CHECKING, Literal

import httpx
from prefect.runtime import flow_run

from flows.alongside import Ahead
from flows.artifacts import keep_artifacts
from flows.ingest_tree import ingest_tree
from flows.metrics.runs import count_report, count_saves, counted_run
from flows.open_run import open_run
from flows.outcome import ended
from flows.peak_memory import PeakMemory
from flows.progress import listener, told
from flows.progress_artifact import ProgressArtifact
from flows.run_folder import discard_run_folder
from flows.stages import timed
from lineage_core.graph.reads import graph_counts
from lineage_core.ingest.report import GraphContent, Report
from tasks.graph import on_graph

if TYPE_CHECKING:
    from collections.abc import Callable

    from prefect.client.schemas.objects import State

    from lineage_core.settings import Settings
    from lineage_core.source.discover import Discovery

_log = logging.getLogger(__name__)


def ingest(
    kind: Literal["bulk", "incremental"],
    settings: Settings,
    look: Callable[[Settings], Discovery],
    *,
    clear_cache: bool = False,
    force: bool = False,
    confirm_deletions: bool = False,
    count_graph: bool = False,
) -> State[Report]:
    """Bring the graph up to date with what `look` finds, in the current flow run.

    Args:
        kind: of run, for the metrics.
        settings: of the run.
        look: finds the files.
        clear_cache: forget what was parsed before.
        force: parse, link and compare all files found, even if none changed.
        confirm_deletions: delete files that are gone however many they are.
        count_graph: report what the project has in the graph in the end; reads all of it.

    Returns:
        A completed state with the run's report; or a failed one that names what failed.

    Raises:
        LineageError: what is wrong with settings, paths, Neo4j or the data folder.
    """
    report = Report(run_id=str(flow_run.get_id()), project=settings.project)
    started = time.perf_counter()
    bar = ProgressArtifact(listener())
    with ExitStack() as opened:
        counted = opened.enter_context(counted_run(kind, settings))
        memory = opened.enter_context(PeakMemory())
        opened.enter_context(told(bar))
        run = opened.enter_context(open_run(settings, report.run_id, clear_cache=clear_cache))
        count = partial(graph_counts, run.driver, run.database, run.settings.project)
        counts_before = opened.enter_context(Ahead(count)) if count_graph else None
        with timed("discover", report):
            found = look(run.settings)
        changed = ingest_tree(found, report, force=force, confirm_deletions=confirm_deletions)
        count_report(report)
        if kind == "incremental" and not report.failures:
            count_saves(changed)
        counted.ended_well = not report.failed
        if counts_before is not None:
            # where nothing was changed it is as it was
            labels, types = on_graph("count the graph", count if report.changes.total else counts_before.get)
            report.content = GraphContent(labels=labels, types=types)
        if not report.failed:
            discard_run_folder(run.folder)
    report.peak_memory = memory.peak
    report.total_seconds = time.perf_counter() - started
    try:
        keep_artifacts(report)
        bar.end(report.outcome, whole=not report.failures)
    except httpx.TransportError as error:  # the graph is as it is, whoever is told
        _log.warning("The Prefect server does not answer (%s): this run has no report there.", error)
    return ended(report, report.outcome, failed=report.failed)
