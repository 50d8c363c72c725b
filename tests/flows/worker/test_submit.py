"""`lineage ingest --submit`: the worker does it, on queue critical."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from conftest import Worker
    from neo4j import Driver
    from prefect.client.orchestration import SyncPrefectClient

    from lineage_core.graph.connection import Database

pytestmark = [pytest.mark.stack, pytest.mark.xdist_group("worker")]

COMMAND = [sys.executable, "-c", "from flows.cli import main; main()", "ingest"]


def lineage(*arguments: str, folder: Path, variables: dict[str, str]) -> subprocess.CompletedProcess[str]:
    command = [*COMMAND, *arguments]
    return subprocess.run(command, cwd=folder, env=variables, capture_output=True, text=True, timeout=90, check=False)


def test_it_says_where_to_watch_waits_if_asked_to_and_the_graph_has_the_files(
    worker: Callable[..., Worker],
    client: SyncPrefectClient,
    variables: dict[str, str],
    tmp_path: Path,
    driver: Driver,
    database: Database,
    project: str,
) -> None:
    worker()
    (tmp_path / "sql").mkdir()
    (tmp_path / "sql" / "t.sql").write_text("CREATE TABLE dbo.T (Id int);")
    mine = {**variables, "INGEST_PROJECT": project, "INGEST_ROOT": str(tmp_path)}
    done = lineage("sql", "--submit", "--wait", folder=tmp_path, variables=mine)
    assert done.returncode == 0, done.stderr
    assert "changes in the graph" in done.stdout
    run_id = done.stdout.split("/runs/flow-run/")[1].split()[0]
    run = client.read_flow_run(run_id)
    assert run.work_queue_name == "critical"
    assert f"project:{project}" in run.tags
    assert run.name == f"bulk · {tmp_path}/sql"
    records, _, _ = driver.execute_query(
        "MATCH (f:File {project_id: $p}) RETURN f.path AS path", p=project, database_=database.name
    )
    assert [record["path"] for record in records] == ["sql/t.sql"]
    (tmp_path / "sql" / "bad.sql").write_bytes(b"\x00\x01\x02\x03" * 50)
    failed = lineage("sql", "--submit", "--wait", folder=tmp_path, variables=mine)
    assert failed.returncode == 1
    assert "sql/bad.sql" in failed.stdout


def test_what_cannot_be_submitted_is_named(variables: dict[str, str], tmp_path: Path) -> None:
    missing = lineage("nothing", "--submit", folder=tmp_path, variables=variables)
    assert missing.returncode == 2
    assert "nothing" in missing.stderr
    (tmp_path / "t.sql").write_text("SELECT 1")
    no_server = lineage("t.sql", "--submit", folder=tmp_path, variables={**variables, "PREFECT_API_URL": ""})
    assert no_server.returncode == 1
    assert "No local Prefect server runs." in no_server.stderr
    assert "lineage up" in no_server.stderr
