"""Every comparison by name, in the order in which they run."""

from __future__ import annotations

from bench import ingests, scripts
from bench.comparison import Comparison
from bench.parsing import parse
from bench.writing import write

COMPARISONS = {
    item.name: item
    for item in (
        Comparison("cold", "A first ingest, against the plain path.", ingests.cold, 10),
        Comparison("warm", "An ingest in which nothing changed, against the first.", ingests.warm, 2),
        Comparison(
            "one-percent", "An ingest after 1 % of the files changed, against the first.", ingests.one_percent, 2
        ),
        Comparison("parse", "Parsing and linking on one core, against sqllineage and bare sqlglot.", parse, 6),
        Comparison("write", "Writing the same rows, against a bare driver loop.", write, 8),
        Comparison("prefect", "The flow, against the same pipeline as plain functions.", ingests.prefect, 2),
        Comparison("growth", "First ingests of ever larger generated trees.", ingests.growth, 15),
        Comparison("sweep", "First ingests with one setting changed at a time.", ingests.sweep, 15),
        Comparison("watch", "The watcher's window, against a run for each event.", scripts.watch, 30, slow=True),
        Comparison("save", "From a save to the graph, with the window and without.", scripts.save, 40, slow=True),
    )
}
