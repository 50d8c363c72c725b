"""A Prefect server that goes away in the middle of a run: the graph is written, and the command ends and says what is."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest

from flows.prefect_server import prefect_server
from flows.prefect_session import SEND_SECONDS
from lineage_core.settings import load_settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from lineage_core.settings import Settings

pytestmark = [pytest.mark.stack, pytest.mark.xdist_group("kills")]

LINEAGE = Path(sys.executable).with_name("lineage")
FILES = 500
"""Parsed in seconds, so that a server killed when the first are done is missed."""

SECONDS = 240.0
"""For what takes some seconds on a quiet machine."""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[tuple[str, psutil.Process]]:
    """Address and process of a server of the test's own."""
    with prefect_server(load_settings(data_dir=tmp_path / "server", prefect_api_url="")) as found:
        found.wait()
        assert found.local is not None
        yield found.api_url, psutil.Process(found.local[1].process.pid)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Files enough for ten batches."""
    folder = tmp_path / "sql"
    folder.mkdir()
    for number in range(FILES):
        text = f"CREATE VIEW v{number} AS SELECT a, b FROM t{number};"  # noqa: S608 - a file's
        (folder / f"{number:03d}.sql").write_text(text)
    return folder


def test_the_graph_is_written_and_the_command_ends_with_what_is_wrong(
    settings: Settings, tree: Path, server: tuple[str, psutil.Process], count: Callable[[str], int]
) -> None:
    api_url, process = server
    command = subprocess.Popen(
        [LINEAGE, "ingest", str(tree)],
        env={**os.environ, **_environment(settings, tree), "PREFECT_API_URL": api_url},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        _wait_until(lambda: any(settings.runs_dir.glob("*/*/facts.*")))
        process.kill()
        said, _ = command.communicate(timeout=SECONDS + SEND_SECONDS)
    finally:
        command.kill()

    assert command.returncode == 1
    assert "The Prefect server went away while the run was on" in said
    assert "its history lacks the end of this run" in said
    assert "Traceback" not in said
    assert "EventsWorker" not in said
    assert count("MATCH (f:File {project_id: $project}) WHERE f.sha256 IS NOT NULL RETURN count(f)") == FILES


def _environment(settings: Settings, tree: Path) -> dict[str, str]:
    """Prefect's client tries once: otherwise each of the last requests takes a minute."""
    return {
        "INGEST_PROJECT": settings.project,
        "INGEST_ROOT": str(tree),
        "LINEAGE_DATA_DIR": str(settings.data_dir),
        "NEO4J_URI": settings.neo4j_uri,
        "NEO4J_USER": settings.neo4j_user,
        "NEO4J_PASSWORD": settings.neo4j_password.get_secret_value(),
        "NEO4J_DATABASE": settings.neo4j_database,
        "PREFECT_CLIENT_MAX_RETRIES": "0",
    }


@pytest.fixture
def count(driver: Any, database: Any, project: str) -> Callable[[str], int]:
    """The one number that a query answers."""

    def ask(query: str) -> int:
        records, _, _ = driver.execute_query(query, project=project, database_=database.name)
        return int(records[0][0])

    return ask


def _wait_until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + SECONDS
    while not true():
        assert time.monotonic() < deadline, "it did not come to parsing"
        time.sleep(0.02)
