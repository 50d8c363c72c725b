"""Fixtures for tests on a real Prefect server: one for all workers of a test run."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Protocol

import pytest

from lineage_core.settings import Settings, load_settings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from lineage_core.ingest.report import Report

# Before a test module imports prefect: nothing of a test run leaves this machine.
os.environ.update({"DO_NOT_TRACK": "1", "PREFECT_SERVER_ANALYTICS_ENABLED": "false"})


@pytest.fixture(scope="session")
def prefect_api(shared_folder: Path) -> Iterator[str]:
    """Address of a real Prefect server: the first worker that asks starts it, the last that is done stops it."""
    from flows.prefect_server import prefect_server

    home = shared_folder / "prefect-server"
    with prefect_server(load_settings(data_dir=home, prefect_home=home, prefect_api_url="")) as server:
        server.wait()
        yield server.api_url


@pytest.fixture
def environment(
    settings: Settings, prefect_api: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> dict[str, str]:
    """The environment of a user with a project of their own, and the current folder in it; also set in this process."""
    variables = {
        "INGEST_PROJECT": settings.project,
        "INGEST_ROOT": str(tmp_path),
        "INGEST_WORKERS": "2",
        "LINEAGE_DATA_DIR": str(settings.data_dir),
        "NEO4J_URI": settings.neo4j_uri,
        "NEO4J_USER": settings.neo4j_user,
        "NEO4J_PASSWORD": settings.neo4j_password.get_secret_value(),
        "NEO4J_DATABASE": settings.neo4j_database,
        "PREFECT_API_URL": prefect_api,
        "PREFECT_HOME": str(tmp_path / "prefect-home"),
    }
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    return {**os.environ, **variables}


@pytest.fixture
def sql(tmp_path: Path) -> Path:
    """A folder with a table, a view on it and a procedure that fills another table."""
    folder = tmp_path / "sql"
    folder.mkdir()
    (folder / "orders.sql").write_text("CREATE TABLE dbo.Orders (Id int, Amount money);")
    (folder / "v.sql").write_text("CREATE VIEW dbo.Big AS SELECT * FROM dbo.Orders WHERE Amount > 5;")
    (folder / "load.sql").write_text(
        "CREATE PROCEDURE dbo.Load AS INSERT INTO dbo.Sums (Total) SELECT SUM(Amount) FROM dbo.Big;"
    )
    return folder


@pytest.fixture
def tables(tmp_path: Path) -> Path:
    """A folder of 60 tables in as many files: batches of 50 and of 10."""
    folder = tmp_path / "sql"
    folder.mkdir()
    for number in range(60):
        (folder / f"t{number:02d}.sql").write_text(f"CREATE TABLE dbo.T{number:02d} (Id int);")
    return folder


class Ingest(Protocol):
    """Runs the bulk flow in this process."""

    def __call__(self, *paths: str, **parameters: object) -> Report:
        """The report of a run over `paths`, the folder `sql` if none are given."""
        ...


@pytest.fixture
def ingest(environment: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Ingest:
    """The bulk flow on the real servers, as `lineage ingest` runs it."""
    from flows.progress import Silent
    from flows.run_bulk import run_bulk

    for name in ("PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL", "DO_NOT_TRACK", "PREFECT_SERVER_ANALYTICS_ENABLED"):
        monkeypatch.setenv(name, environment.get(name, ""))  # the run sets them; they are put back afterwards

    def run(*paths: str, **parameters: object) -> Report:
        return run_bulk(
            load_settings(**parameters), paths or ["sql"], progress=Silent(), say=lambda _: None, **parameters
        )

    return run
