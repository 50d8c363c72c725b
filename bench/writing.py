"""The comparison `write`: the project's writer against a bare driver loop at its best batch size and sessions."""

from __future__ import annotations

import json
import statistics
import sys
from typing import TYPE_CHECKING

from bench.comparison import Plan, Target, in_turn
from bench.measured import BenchError
from bench.texts import facts_of, linking, texts_of
from lineage_core.ingest.link_stage import ROWS
from lineage_core.ingest.spool import Spool
from lineage_core.settings import load_settings

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from bench.comparison import Measures, Round
    from bench.session import Session

BATCHES = {False: (500, 2_000, 10_000), True: (2_000,)}
"""Quick or not -> rows of one statement that the bare loop tries."""

SESSIONS = {False: (1, 2, 4), True: (1, 2)}
BEST = "bare, best"
_PROJECT = "bench-write"


def write(session: Session) -> Plan:
    """The same rows, made beforehand, each time into an empty project."""
    quick = session.options.quick
    folder = spooled_rows(session)
    settings = load_settings()
    ways = {"writer": ("writer", settings.writers, settings.batch_size)}
    ways |= {
        f"bare, {size} x {number}": ("bare", number, size) for size in BATCHES[quick] for number in SESSIONS[quick]
    }

    def measure(way: str) -> Measures:
        kind, number, size = ways[way]
        servers = session.services
        with session.scratch() as data:
            command = [sys.executable, "-m", "bench.write_child", kind, folder, str(number), str(size)]
            try:
                output, cost = servers.run(command, servers.environment(data, _PROJECT, data))
            finally:
                servers.forget(_PROJECT)
        # The child's own CPU is that of writing alone; the tree's holds reading the rows as well.
        return {**cost, **json.loads(output)}

    def one_round(number: int) -> Round:
        found = in_turn(tuple(ways), number, measure)
        graphs = {(item["nodes"], item["rels"]) for item in found.values()}
        if len(graphs) > 1:
            raise BenchError(f"The ways of writing made different graphs, (nodes, relationships): {sorted(graphs)}")
        return found

    for way in list(ways)[:2]:
        measure(way)  # not counted: Neo4j plans each statement once
    return Plan(
        one_round,
        (
            Target("bare, best / writer", BEST, "writer", at_least=0.8),
            Target("bare, best / writer, CPU", BEST, "writer", measure="cpu"),
            Target("bare, best / writer, Neo4j's CPU", BEST, "writer", measure="neo4j_cpu"),
        ),
        finish=with_best,
        notes=lambda: [
            "`bare, 2000 x 4`: 2,000 rows a statement, 4 sessions. Its best is by the median of all rounds."
        ],
    )


def with_best(rounds: Sequence[Round]) -> list[Round]:
    """The bare way with the least median, as a way of its own."""
    ways = [way for way in rounds[0] if way.startswith("bare")]
    best = min(ways, key=lambda way: statistics.median(found[way]["seconds"] for found in rounds))
    return [{**found, BEST: found[best]} for found in rounds]


def spooled_rows(session: Session) -> Path:
    """A folder with the rows of the session's tree in the project that all ways write to."""
    options = session.options
    folder = options.work / "rows" / session.tree().name
    if not Spool(folder).batches(ROWS):
        texts = texts_of(session.tree())
        facts = [facts_of(text) for text in texts]
        link = linking(texts, facts, load_settings(project=_PROJECT))
        pairs = zip(texts, facts, strict=True)
        Spool(folder).write(ROWS, 0, ((text.path, link(text, found)) for text, found in pairs))
    return folder
