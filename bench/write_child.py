"""One way of writing rows to Neo4j; prints seconds and what is in the graph then, as JSON. Making rows does not count.

    python -m bench.write_child writer|bare ROWS_FOLDER SESSIONS BATCH      # database and project from the environment

`bare` is what a careful person writes by hand: rows made unique and turned into parameters beforehand, UNWIND and MERGE
by label and type, nodes before relationships, several sessions, and the driver's own retry.
"""

from __future__ import annotations

import json
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

from neo4j.exceptions import Neo4jError

from lineage_core.graph.connection import locate, open_driver
from lineage_core.graph.faults import is_transient
from lineage_core.graph.file_nodes import ingested
from lineage_core.ingest.link_stage import ROWS
from lineage_core.ingest.spool import Spool
from lineage_core.ingest.write_stage import writer_for
from lineage_core.model.rows import FileRows
from lineage_core.settings import load_settings
from lineage_core.source.batches import MAX_FILES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from neo4j import Driver

    from lineage_core.graph.writer import Writer
    from lineage_core.settings import Settings

RUN_ID = "bench"
Statement = tuple[str, list[dict[str, Any]]]


def with_writer(driver: Driver, database: str, files: list[FileRows], sessions: int, settings: Settings) -> None:
    """As a run does: batches of files over some sessions, tried again after what may pass."""
    writer = writer_for(driver, database, settings, RUN_ID)
    batches = [files[start : start + MAX_FILES] for start in range(0, len(files), MAX_FILES)]
    with ThreadPoolExecutor(sessions) as threads:
        list(threads.map(lambda batch: _write(writer, batch), batches))


def _write(writer: Writer, batch: list[FileRows]) -> None:
    while True:
        try:
            writer.write(batch)
        except Neo4jError as error:
            if not is_transient(error):
                raise
        else:
            return


def node_statements(files: list[FileRows], project: str) -> Iterator[Statement]:
    """A statement a label, over every node once; a row that owns a node goes before one that needs it."""
    yield (
        "UNWIND $rows AS row MERGE (n:File {id: row.id}) SET n = row.props",
        [ingested(file, project, RUN_ID) for file in files],
    )
    best: dict[str, Any] = {}
    for row in (row for file in files for row in file.nodes):
        if row.id not in best or (row.owned and not best[row.id].owned):
            best[row.id] = row
    order = sorted(best.values(), key=lambda row: (row.label, row.sublabel, row.id))
    for (label, sublabel), group in groupby(order, key=lambda row: (row.label, row.sublabel)):
        labels = f" SET n:{sublabel}" if sublabel else ""
        rows = [
            {"id": row.id, "props": {"id": row.id, "name": row.name, "project_id": project, **row.props}}
            for row in group
        ]
        yield f"UNWIND $rows AS row MERGE (n:{label} {{id: row.id}}) SET n = row.props{labels}", rows


def rel_statements(files: list[FileRows], project: str) -> Iterator[Statement]:
    """A statement for each type and pair of labels; a relationship is one by its ends and its file."""
    rels = [row for file in files for row in file.rels]
    order = sorted(rels, key=lambda row: (row.type, row.start_label, row.end_label, row.start, row.end))
    for (kind, start, end), group in groupby(order, key=lambda row: (row.type, row.start_label, row.end_label)):
        statement = (
            f"UNWIND $rows AS row MATCH (a:{start} {{id: row.start}}) MATCH (b:{end} {{id: row.end}}) "
            f"MERGE (a)-[r:{kind} {{source_file: row.props.source_file}}]->(b) SET r = row.props"
        )
        yield statement, [{"start": row.start, "end": row.end, "props": _props(row, project)} for row in group]


def _props(row: Any, project: str) -> dict[str, Any]:
    own = {"source_file": row.source_file, "line": row.line, "confidence": row.confidence, **row.props}
    return {**own, "source": "parser", "status": "approved", "project_id": project, "run_id": RUN_ID}


def bare(driver: Driver, database: str, stages: list[list[Statement]], sessions: int, batch: int) -> None:
    """Send the statements of each stage in batches, over some sessions."""
    with ThreadPoolExecutor(sessions) as threads:
        for stage in stages:
            parts = [
                (statement, rows[start : start + batch])
                for statement, rows in stage
                for start in range(0, len(rows), batch)
            ]
            list(threads.map(lambda part: _send(driver, database, *part), parts))


def _send(driver: Driver, database: str, statement: str, rows: list[dict[str, Any]]) -> None:
    with driver.session(database=database) as session:
        session.execute_write(lambda transaction: transaction.run(statement, rows=rows).consume())


def main() -> None:
    """Measure one way."""
    way, folder, sessions, batch = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
    settings = load_settings(batch_size=batch)
    files = [rows for _, rows in Spool(folder).read(ROWS, 0, FileRows)]
    database = locate(settings)
    if way == "writer":
        with open_driver(database) as driver:
            found = timed(lambda: with_writer(driver, database.name, files, sessions, settings))
            found |= counts(driver, database.name, settings.project)
    else:
        from neo4j import GraphDatabase

        stages = [list(make(files, settings.project)) for make in (node_statements, rel_statements)]
        # The driver as it comes, so that it tries again by itself after a deadlock.
        with GraphDatabase.driver(database.uri, auth=(database.user, database.password)) as driver:
            driver.verify_connectivity()
            found = timed(lambda: bare(driver, database.name, stages, sessions, batch))
            found |= counts(driver, database.name, settings.project)
    print(json.dumps({**found, "rows": sum(len(file) + 1 for file in files)}))


def timed(work: Callable[[], None]) -> dict[str, float]:
    """Seconds on the clock, and of CPU of this process."""
    began, cpu = time.perf_counter(), time.process_time()
    work()
    return {"seconds": time.perf_counter() - began, "cpu": time.process_time() - cpu}


def counts(driver: Driver, database: str, project: str) -> dict[str, int]:
    """Nodes and relationships of the project."""
    query = (
        "MATCH (n {project_id: $project}) OPTIONAL MATCH (n)-[r]->() "
        "RETURN count(DISTINCT n) AS nodes, count(r) AS rels"
    )
    return dict(driver.execute_query(query, project=project, database_=database).records[0])


if __name__ == "__main__":
    main()
