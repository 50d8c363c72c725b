"""What a run leaves in the Prefect UI: a bar, a table of its files by status, a report of what changed in the graph."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterFlowRunId
from prefect.settings import PREFECT_API_URL, temporary_settings

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from conftest import Ingest


@pytest.fixture
def artifacts(prefect_api: str) -> Callable[[str], dict[str, Any]]:
    """Key -> data of a run's artifacts."""

    def read(run_id: str) -> dict[str, Any]:
        only = ArtifactFilter(flow_run_id=ArtifactFilterFlowRunId(any_=[UUID(run_id)]))
        with temporary_settings({PREFECT_API_URL: prefect_api}), get_client(sync_client=True) as client:
            return {found.key or "": found for found in client.read_artifacts(artifact_filter=only)}

    return read


def test_files_are_told_by_status_with_lines_and_errors_the_worst_first(
    ingest: Ingest, tmp_path: Path, artifacts: Callable[[str], dict[str, Any]]
) -> None:
    sql = tmp_path / "sql"
    sql.mkdir()
    (sql / "bad.sql").write_bytes(b"\x00\x01\x02\x03" * 50)
    (sql / "half.sql").write_text("CREATE TABLE dbo.Half (Id int);\nGO\nSELECT FROM WHERE;\n")
    (sql / "t.sql").write_text("CREATE TABLE dbo.T (Id int);")
    (sql / "v.sql").write_text("CREATE VIEW dbo.V AS SELECT * FROM dbo.T;")
    found = artifacts(ingest().run_id)
    assert set(found) == {"ingest-progress", "ingest-files", "ingest-report"}
    rows = json.loads(found["ingest-files"].data)
    assert [(row["status"], row["file"], row["line"]) for row in rows] == [
        ("failed", "sql/bad.sql", None),
        ("partial", "sql/half.sql", 3),
        ("ok", "sql/t.sql", None),
        ("ok", "sql/v.sql", None),
    ]
    assert rows[0]["message"]
    assert rows[1]["message"]
    assert found["ingest-files"].description == "2 ok, 1 partial, 1 failed"
    assert "| Nodes |" in found["ingest-report"].data
    (sql / "bad.sql").unlink()
    (sql / "half.sql").unlink()
    (sql / "t.sql").write_text("CREATE TABLE dbo.T (Id int, Name varchar(9));")
    found = artifacts(ingest().run_id)
    rows = json.loads(found["ingest-files"].data)
    assert [(row["status"], row["file"]) for row in rows] == [
        ("ok", "sql/t.sql"),
        ("relinked", "sql/v.sql"),
        ("deleted", "sql/bad.sql"),
        ("deleted", "sql/half.sql"),
    ]
    assert found["ingest-progress"].data == 100.0
    found = artifacts(ingest().run_id)
    assert set(found) == {"ingest-progress", "ingest-report"}, "nothing to do, nothing to list"
