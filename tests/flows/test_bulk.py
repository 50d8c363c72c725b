"""The bulk flow on a real Prefect server and a real Neo4j."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest
from run_records import batches, task_states

from lineage_core.graph.snapshot import snapshot

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from conftest import Ingest
    from neo4j import Driver

    from lineage_core.graph.connection import Database


@pytest.mark.usefixtures("sql")
def test_a_folder_becomes_a_graph_and_the_report_counts_it(
    ingest: Ingest, driver: Driver, database: Database, project: str
) -> None:
    report = ingest()
    assert report.files.ok == 3
    assert report.changes.nodes_created > 0
    assert report.changes.relationships_created > 0
    assert not report.failed
    assert report.content.labels["File"] == 3
    assert report.content.types["DEFINES"] == 3
    assert {"discover", "hash", "parse", "link", "write"} <= report.seconds.keys()
    assert report.peak_memory > 50 * 2**20
    records, _, _ = driver.execute_query(
        "MATCH (c:Column)<-[:CONTAINS]-(t:DataAsset {project_id: $p}) WHERE toLower(c.name) = 'amount' "
        "RETURN t.name AS name ORDER BY name",
        p=project,
        database_=database.name,
    )
    assert [record["name"].lower() for record in records] == ["big", "orders"], (
        "the view's star has the table's columns"
    )


@pytest.mark.usefixtures("sql")
def test_a_second_run_parses_and_writes_nothing(ingest: Ingest) -> None:
    first = ingest()
    second = ingest()
    assert second.files.unchanged == 3
    assert second.changes.total == 0
    assert second.cache_hits == second.cache_misses == 0
    assert "parse" not in second.seconds
    assert second.outcome == "nothing changed, nothing was written"
    assert second.content == first.content


def test_a_changed_file_is_parsed_alone_and_a_whole_unchanged_batch_shows_as_cached(
    ingest: Ingest, tables: Path, prefect_api: str
) -> None:
    first = ingest()
    names = [*batches("hash", 60), *(name for stage in ("parse", "link", "write") for name in batches(stage, 50, 10))]
    assert set(task_states(prefect_api, first.run_id, names)) == {"Completed"}
    (tables / "t55.sql").write_text("CREATE TABLE dbo.T55 (Id int, Name varchar(9));")
    second = ingest(force=True)
    assert (second.files.ok, second.files.unchanged) == (1, 59)
    assert (second.cache_hits, second.cache_misses) == (59, 1)
    assert second.changes.nodes_created == 1, "the new column"
    assert task_states(prefect_api, second.run_id, batches("parse", 50, 10)) == ["Cached", "Completed"]


@pytest.mark.usefixtures("sql")
def test_without_the_cache_everything_is_parsed_and_nothing_shows_as_cached(ingest: Ingest, prefect_api: str) -> None:
    ingest()
    again = ingest(force=True, enable_cache=False)
    assert (again.cache_hits, again.cache_misses) == (0, 3)
    assert task_states(prefect_api, again.run_id, batches("parse", 3)) == ["Completed"]
    assert again.changes.total == 0


@pytest.mark.usefixtures("sql")
def test_a_cleared_cache_makes_the_next_run_parse(ingest: Ingest) -> None:
    ingest()
    assert ingest(force=True).cache_hits == 3
    assert ingest(force=True, clear_cache=True).cache_misses == 3


def test_any_combination_of_optimisations_gives_the_same_graph(
    ingest: Ingest, sql: Path, driver: Driver, database: Database, project: str
) -> None:
    (sql / "broken.sql").write_text("SELECT 1 AS One;\nGO\nSELECT FROM WHERE (;\n")
    graphs = []
    for cache in (True, False):
        for batching in (True, False):
            report = ingest(enable_cache=cache, enable_batching=batching)
            assert report.changes.total > 0
            graphs.append(snapshot(driver, database.name, project))
            driver.execute_query("MATCH (n {project_id: $p}) DETACH DELETE n", p=project, database_=database.name)
    assert graphs[0].nodes
    assert graphs[0].rels
    assert graphs == [graphs[0]] * 4


def test_a_file_that_is_gone_goes_from_the_graph(ingest: Ingest, sql: Path) -> None:
    before = ingest()
    (sql / "load.sql").unlink()
    after = ingest()
    assert after.files.deleted == 1
    assert after.content.labels["FunctionOrProcedure"] == 0
    assert before.content.labels["FunctionOrProcedure"] == 1
    assert after.content.labels["DataAsset"] == before.content.labels["DataAsset"] - 1, "dbo.Sums was named there only"


def test_a_run_over_a_part_of_the_project_deletes_nothing_outside_and_knows_the_rest(ingest: Ingest, sql: Path) -> None:
    ingest()
    (sql / "more").mkdir()
    (sql / "more" / "x.sql").write_text("CREATE TABLE dbo.X (Id int);")
    report = ingest("sql/more")
    assert report.files.deleted == 0
    assert report.content.labels["File"] == 4
    assert not report.notes


def test_what_cannot_be_looked_at_is_named_and_not_deleted(ingest: Ingest, sql: Path) -> None:
    ingest()
    (sql / "v.sql").unlink()
    (sql / "v.sql").symlink_to("nowhere.sql")
    report = ingest()
    assert report.failed
    assert report.failed_files[0].path == "sql/v.sql"
    assert report.files.deleted == 0
    assert report.content.labels["File"] == 3
    assert "sql/v.sql" in report.notes[0]


def test_a_bad_file_costs_itself_and_is_tried_again_in_every_run(ingest: Ingest, sql: Path) -> None:
    (sql / "binary.sql").write_bytes(b"PGDMP\x01\x0e\x00")
    (sql / "empty.sql").touch()
    for changed in (True, False):
        report = ingest()
        assert report.failed
        assert report.files.failed == 1
        assert "sql/binary.sql" in report.outcome
        assert "pg_dump" in report.outcome
        assert (report.changes.total > 0) == changed
    (sql / "binary.sql").write_text("CREATE TABLE dbo.Mended (Id int);")
    assert not ingest().failed


def test_a_statement_that_is_not_understood_is_named_by_line_and_fails_nothing(ingest: Ingest, sql: Path) -> None:
    (sql / "broken.sql").write_text("CREATE TABLE dbo.Fine (Id int);\nGO\nSELECT FROM WHERE (;\nGO\n")
    report = ingest()
    assert not report.failed
    assert report.files.partial == 1
    assert [(item.path, item.line) for item in report.problems] == [("sql/broken.sql", 3)]


def test_the_run_leaves_its_report_and_the_files_to_look_at_in_the_ui(
    ingest: Ingest, sql: Path, artifacts: Callable[[str], dict[str, Any]]
) -> None:
    (sql / "binary.sql").write_bytes(b"\x00\x01\x02")
    report = ingest()
    kept = artifacts(report.run_id)
    assert "## Failed\n\n- `sql/binary.sql" in kept["ingest-report"]
    assert "| Files | 3 ok, 1 failed |" in kept["ingest-report"]
    assert '"file": "sql/binary.sql"' in kept["ingest-files"]


@pytest.mark.usefixtures("sql")
def test_folders_of_runs_that_failed_long_ago_are_forgotten(ingest: Ingest, settings: Any) -> None:
    old, young = settings.runs_dir / "old", settings.runs_dir / "young"
    for folder in (old, young):
        folder.mkdir(parents=True)
    eight_days_ago = time.time() - 8 * 86_400
    os.utime(old, (eight_days_ago, eight_days_ago))
    ingest()
    assert young.exists()
    assert not old.exists()


@pytest.fixture
def artifacts(prefect_api: str) -> Callable[[str], dict[str, Any]]:
    """Asks the server for a run's artifacts: key -> data."""
    from prefect.client.orchestration import get_client
    from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterFlowRunId
    from prefect.settings import PREFECT_API_URL, temporary_settings

    def ask(run_id: str) -> dict[str, Any]:
        only = ArtifactFilter(flow_run_id=ArtifactFilterFlowRunId(any_=[UUID(run_id)]))
        with temporary_settings({PREFECT_API_URL: prefect_api}), get_client(sync_client=True) as client:
            return {item.key: item.data for item in client.read_artifacts(artifact_filter=only)}

    return ask
