"""A Neo4j and a Prefect server for the measurements alone, and `lineage ingest` on them."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

from bench.measured import cpu_of, measured
from flows.ports import free_port
from flows.prefect_server import prefect_server
from lineage_core.graph.connection import locate, open_driver
from lineage_core.graph.server.process import EmbeddedServer
from lineage_core.graph.writer import prepare
from lineage_core.ingest.report import Report
from lineage_core.settings import load_settings

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from neo4j import Driver

    from bench.comparison import Measures
    from lineage_core.graph.connection import Database

LINEAGE = Path(sys.executable).with_name("lineage")
_OURS = ("INGEST_", "ENABLE_", "PARSE_", "WATCH_", "LINEAGE_", "NEO4J_", "PREFECT_")


def own_environment(folder: Path) -> dict[str, str]:
    """This process's environment without the project's settings, but for where jars are; data in a folder."""
    kept = {"LINEAGE_NEO4J_JARS", "LINEAGE_MAVEN_MIRROR"}
    given = {name: value for name, value in os.environ.items() if name in kept or not name.startswith(_OURS)}
    return {**given, "LINEAGE_DATA_DIR": str(folder)}


@dataclass(frozen=True)
class Services:
    """Both servers. `neo4j` is None if it is a server elsewhere, whose CPU cannot be seen."""

    folder: Path
    driver: Driver
    database: Database
    neo4j: psutil.Process | None
    prefect_url: str
    prefect: psutil.Process | None

    def environment(self, data: Path, project: str, root: Path, settings: Mapping[str, object] = {}) -> dict[str, str]:
        """Of a command that runs on both servers; `settings` are environment names and values."""
        own = {
            "NEO4J_URI": self.database.uri,
            "NEO4J_USER": self.database.user,
            "NEO4J_PASSWORD": self.database.password,
            "NEO4J_DATABASE": self.database.name,
            "PREFECT_API_URL": self.prefect_url,
            "INGEST_PROJECT": project,
            "INGEST_ROOT": str(root),
        }
        return {**own_environment(data), **own, **{name: str(value) for name, value in settings.items()}}

    def run(self, command: Sequence[object], environment: Mapping[str, str]) -> tuple[str, Measures]:
        """A command's output and what it took: `wall`, `cpu`, `prefect_cpu`, `neo4j_cpu`, all in seconds."""
        before = cpu_of(self.neo4j), cpu_of(self.prefect)
        answer = measured(command, environment, self.folder)
        return answer.output, {
            "wall": answer.wall,
            "cpu": answer.cpu,
            "neo4j_cpu": cpu_of(self.neo4j) - before[0],
            "prefect_cpu": cpu_of(self.prefect) - before[1],
        }

    def ingest(
        self, tree: Path, project: str, data: Path, *flags: str, settings: Mapping[str, object] = {}
    ) -> Measures:
        """`lineage ingest` of a tree; `seconds` are those inside of the flow, without the interpreter's start."""
        command = [LINEAGE, "ingest", tree, "--json", *flags]
        output, measures = self.run(command, self.environment(data, project, tree, settings))
        return {**of_report(Report.model_validate_json(output)), **measures}

    def forget(self, project: str) -> None:
        """Take a project out of the graph, so that the next run meets a database as empty as this one did."""
        query = "MATCH (n) WHERE n.project_id = $project CALL (n) { DETACH DELETE n } IN TRANSACTIONS OF 5000 ROWS"
        with self.driver.session(database=self.database.name) as session:
            session.run(query, project=project).consume()


def of_report(report: Report) -> Measures:
    """The measures that a run's report has."""
    return {
        "seconds": report.total_seconds,
        "memory": report.peak_memory,
        "changes": report.changes.total,
        "parsed": report.cache_misses + report.cache_hits,
        "unchanged": report.files.unchanged,
        **{f"{stage}_seconds": seconds for stage, seconds in report.seconds.items()},
    }


@contextmanager
def services(folder: Path) -> Iterator[Services]:
    """Both servers, started here; NEO4J_URI's if it is set. They end with the block."""
    folder.mkdir(parents=True, exist_ok=True)
    settings = load_settings(
        data_dir=folder,
        neo4j_bolt_port=free_port(),
        neo4j_http_port=free_port(),
        prefect_home=folder / "prefect",
        prefect_api_url="",
    )
    embedded = None if settings.neo4j_uri else EmbeddedServer(settings)
    if embedded:
        embedded.reset()  # what an earlier run, perhaps a killed one, left
    try:
        database = locate(settings)
        pid = embedded.status().pid if embedded else None
        with open_driver(database) as driver, prefect_server(settings) as prefect:
            prepare(driver, database.name)
            prefect.wait()
            server = psutil.Process(prefect.local[1].process.pid) if prefect.local else None
            neo4j = psutil.Process(pid) if pid else None
            yield Services(folder, driver, database, neo4j, prefect.api_url, server)
    finally:
        if embedded:
            embedded.stop()
