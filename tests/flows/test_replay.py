"""The replay flow on a real Prefect server: what the database takes now is in the graph, and the run tells the rest."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from neo4j.exceptions import ServiceUnavailable

from lineage_core.errors import SourceError
from lineage_core.graph.dead_letters import append, dead_letter, read
from lineage_core.graph.snapshot import snapshot
from lineage_core.settings import load_settings

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from conftest import Ingest
    from neo4j import Driver

    from lineage_core.graph.connection import Database
    from lineage_core.graph.replay_result import ReplayResult
    from lineage_core.settings import Settings


@pytest.fixture
def refused(
    ingest: Ingest, tmp_path: Path, driver: Driver, database: Database, settings: Settings
) -> Callable[[], Any]:
    """A table whose column `Amount` is not in the graph but in the dead letters; returns what the graph should be."""
    (tmp_path / "sql").mkdir()
    (tmp_path / "sql" / "orders.sql").write_text("CREATE TABLE dbo.Orders (Id int, Amount money);")
    report = ingest()
    project = settings.project
    whole = snapshot(driver, database.name, project)
    records, _, _ = driver.execute_query(
        "MATCH (t)-[r:CONTAINS]->(c:Column {project_id: $project}) WHERE toLower(c.name) = 'amount' "
        "MATCH (f:File {project_id: $project}) "
        "WITH t.id AS table, c.id AS id, properties(c) AS props, r.line AS line, f.rows_digest AS digest, c "
        "DETACH DELETE c RETURN *",
        project=project,
        database_=database.name,
    )
    (found,) = records
    props = {name: value for name, value in found["props"].items() if name not in {"id", "name", "project_id"}}
    rows: list[dict[str, Any]] = [
        {"label": "Column", "id": found["id"], "name": found["props"]["name"], "props": props},
        {
            "type": "CONTAINS",
            "start_label": "DataAsset",
            "start": found["table"],
            "end_label": "Column",
            "end": found["id"],
            "source_file": "sql/orders.sql",
            "line": found["line"],
        },
    ]
    about = {"file": "sql/orders.sql", "run_id": report.run_id, "project": project, "digest": found["digest"]}
    append(settings.dead_letters, [dead_letter(ValueError("refused"), row=row, **about) for row in rows])
    return lambda: whole


@pytest.fixture
def replay(environment: dict[str, str]) -> Callable[..., ReplayResult]:  # noqa: ARG001 - the run takes place in it
    """The flow, as `lineage replay` runs it."""
    from flows.run_replay import run_replay

    def run(file: str | None = None, project: str | None = None) -> ReplayResult:
        return run_replay(load_settings(), file, project, say=lambda _: None)

    return run


def test_dead_letters_are_written_and_dropped_and_a_second_replay_changes_nothing(
    refused: Any, replay: Any, settings: Settings, driver: Driver, database: Database
) -> None:
    assert snapshot(driver, database.name, settings.project) != refused()
    result = replay()
    assert (result.written, result.failed, result.outcome) == (2, False, "2 written")
    assert snapshot(driver, database.name, settings.project) == refused()
    assert list(read(settings.dead_letters)) == []
    assert replay().outcome == "there are no dead letters"


@pytest.mark.usefixtures("refused")
def test_the_next_ingest_finds_nothing_to_do(replay: Any, ingest: Ingest) -> None:
    replay()
    report = ingest(force=True)
    assert report.changes.total == 0


@pytest.mark.usefixtures("refused")
def test_only_the_given_project_and_file_are_replayed(replay: Any, settings: Settings, tmp_path: Path) -> None:
    assert replay(project="another").outcome == "there are no dead letters"
    copy = tmp_path / "copy.jsonl"
    copy.write_bytes(settings.dead_letters.read_bytes())
    assert replay(file=str(copy), project=settings.project).written == 2
    assert copy.read_bytes() == b""
    assert len(list(read(settings.dead_letters))) == 2
    with pytest.raises(SourceError, match="missing"):
        replay(file=str(tmp_path / "missing.jsonl"))


@pytest.mark.usefixtures("refused")
def test_a_row_that_is_refused_again_fails_the_run_and_is_named_in_the_ui(
    replay: Any, settings: Settings, prefect_api: str
) -> None:
    text = settings.dead_letters.read_text()
    settings.dead_letters.write_text(text.replace('"money"', "7"))
    result = replay(project=settings.project)
    assert result.failed
    assert result.kept == 2
    assert [letter.tries for letter in read(settings.dead_letters)] == [1, 1]
    run, artifact = _run_and_artifact(prefect_api, f"replay · {settings.project}")
    assert run.state.name == "Failed"
    assert run.state.message == "2 kept"
    assert "| kept | 2 | refused again |" in artifact
    assert "sql/orders.sql: node" in artifact
    assert "data_type must be str" in artifact


@pytest.mark.usefixtures("refused")
def test_a_database_that_is_away_for_a_moment_costs_a_try(replay: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from lineage_core.graph.transaction import Work

    commit, tries = Work.commit, []

    def gone_once(work: Work) -> Any:
        tries.append(work)
        if len(tries) == 1:
            raise ServiceUnavailable("gone for a moment")
        return commit(work)

    monkeypatch.setattr(Work, "commit", gone_once)
    assert replay().written == 2
    assert len(tries) == 2


@pytest.mark.usefixtures("refused")
def test_a_database_that_stays_away_fails_the_run_and_keeps_the_letters(
    replay: Any, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    from lineage_core.graph.transaction import Work
    from tasks.replay import replay_batch

    def gone(_: Work) -> Any:
        raise ServiceUnavailable("gone")

    monkeypatch.setattr(Work, "commit", gone)
    monkeypatch.setattr(replay_batch, "retry_delay_seconds", [0] * 5)
    before = settings.dead_letters.read_bytes()
    result = replay()
    assert result.failed
    assert result.failures == ["batch-000 (2 rows) from sql/orders.sql: ServiceUnavailable: gone"]
    assert settings.dead_letters.read_bytes() == before


def _run_and_artifact(prefect_api: str, name: str) -> tuple[Any, str]:
    """The flow run of this name on the server, and what its artifact says."""
    from prefect.client.orchestration import get_client
    from prefect.client.schemas.filters import (
        ArtifactFilter,
        ArtifactFilterFlowRunId,
        FlowRunFilter,
        FlowRunFilterName,
    )
    from prefect.settings import PREFECT_API_URL, temporary_settings

    with temporary_settings({PREFECT_API_URL: prefect_api}), get_client(sync_client=True) as client:
        (run,) = client.read_flow_runs(flow_run_filter=FlowRunFilter(name=FlowRunFilterName(any_=[name])))
        of_run = ArtifactFilter(flow_run_id=ArtifactFilterFlowRunId(any_=[run.id]))
        (artifact,) = client.read_artifacts(artifact_filter=of_run)
        return run, str(artifact.data)
