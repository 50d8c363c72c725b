"""The pipeline of a bulk run as plain functions, without flow, tasks and Prefect server; prints the run's report.

    python -m bench.plain_run FOLDER          # settings from the environment

Two writers of one run come into a deadlock now and then, which only Prefect's tasks try again: the run has failed then,
and who called this measures anew.
"""

from __future__ import annotations

import sys
import time
import uuid
from functools import partial

from flows.ingest_tree import ingest_tree
from flows.open_run import open_run
from flows.peak_memory import PeakMemory
from flows.run_folder import discard_run_folder
from flows.stages import timed
from lineage_core.graph.reads import graph_counts
from lineage_core.ingest.report import GraphContent, Report
from lineage_core.settings import load_settings
from lineage_core.source.discover import discover
from tasks.graph import on_graph


def main() -> None:
    """Run; exit with 1 if something did not come into the graph."""
    report = run(sys.argv[1])
    print(report.model_dump_json())
    sys.exit(1 if report.failed else 0)


def run(folder: str) -> Report:
    """What `flows.ingest` does in a flow, step by step."""
    settings = load_settings()
    report = Report(run_id=uuid.uuid4().hex, project=settings.project)
    started = time.perf_counter()
    with PeakMemory() as memory, open_run(settings, report.run_id, plain=True) as entered:
        with timed("discover", report):
            found = discover([folder], entered.settings)
        ingest_tree(found, report)
        count = partial(graph_counts, entered.driver, entered.database, entered.settings.project)
        labels, types = on_graph("count the graph", count)
        report.content = GraphContent(labels=labels, types=types)
        discard_run_folder(entered.folder)
    report.peak_memory = memory.peak
    report.total_seconds = time.perf_counter() - started
    return report


if __name__ == "__main__":
    main()
