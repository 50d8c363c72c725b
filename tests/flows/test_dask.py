"""Runs that have a Dask cluster parse: the graph is that of a local run, whatever becomes of a worker."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest
from dask_processes import until
from ended_processes import is_running
from plain_runs import differences

from flows.doctor import servers
from flows.doctor.check import Setup
from flows.ports import free_port
from lineage_core.graph.snapshot import snapshot
from lineage_core.ingest.cluster import connection
from lineage_core.settings import load_settings

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Ingest
    from dask_processes import DaskProcesses
    from neo4j import Driver

    from lineage_core.graph.connection import Database
    from lineage_core.graph.snapshot import Snapshot

pytestmark = [pytest.mark.stack, pytest.mark.xdist_group("dask")]

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
SLOW = 12
"""Views that take a while to parse."""

DEEP = "SELECT " + "(" * 100_000 + "1" + ")" * 100_000


@pytest.fixture
def sql(tmp_path: Path) -> Path:
    """The examples, and files that are wrong in every way."""
    folder = tmp_path / "sql"
    for file in sorted(EXAMPLES.rglob("*.sql")):
        copy = folder / file.relative_to(EXAMPLES)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(file.read_bytes())
    (folder / "broken.sql").write_text("SELECT 1 AS One;\nGO\nSELECT FROM WHERE (;\n")
    (folder / "binary.sql").write_bytes(b"PGDMP\x01\x0e\x00")
    (folder / "utf16.sql").write_bytes("CREATE TABLE dbo.Größe (Id int);".encode("utf-16"))
    return folder


@pytest.fixture
def on_dask(dask: DaskProcesses, monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Has the runs that follow use the cluster."""

    def use() -> None:
        until(lambda: len(dask.worker_pids()) == 2)
        monkeypatch.setenv("INGEST_EXECUTOR", "dask")
        monkeypatch.setenv("DASK_SCHEDULER_ADDRESS", dask.address)

    return use


@pytest.fixture
def graph(driver: Driver, database: Database, project: str) -> Callable[[], Snapshot]:
    """What the project has in the graph; it is empty afterwards."""

    def take() -> Snapshot:
        found = snapshot(driver, database.name, project)
        driver.execute_query("MATCH (n {project_id: $p}) DETACH DELETE n", p=project, database_=database.name)
        return found

    return take


@pytest.mark.usefixtures("sql")
def test_the_graph_is_that_of_a_local_run_and_the_caches_know_the_files_then(
    ingest: Ingest, graph: Callable[[], Snapshot], on_dask: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    local = ingest(enable_cache=False)
    wanted = graph()
    on_dask()
    away = ingest(clear_cache=True)
    assert (away.files, away.problems, away.failed_files) == (local.files, local.problems, local.failed_files)
    assert differences(graph(), wanted) == ""
    monkeypatch.setattr(connection.Cluster, "submit", lambda *_: pytest.fail("a hit was sent"))
    (Path("sql") / "binary.sql").unlink()
    again = ingest(force=True)
    assert (again.cache_hits, again.cache_misses) == (local.files.ok + local.files.partial, 0)


@pytest.mark.usefixtures("sql")
def test_files_that_workers_see_are_read_there(
    ingest: Ingest, graph: Callable[[], Snapshot], on_dask: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    ingest()
    wanted = graph()
    on_dask()
    monkeypatch.setenv("INGEST_DASK_SHARED_FILES", "true")
    assert ingest(clear_cache=True).cache_misses > 40
    assert differences(graph(), wanted) == ""


def test_sql_that_ends_its_process_costs_the_file_and_no_worker(
    ingest: Ingest, sql: Path, on_dask: Callable[[], None], dask: DaskProcesses
) -> None:
    (sql / "binary.sql").unlink()
    (sql / "deep.sql").write_text(DEEP)
    on_dask()
    before = dask.worker_pids()
    report = ingest()
    assert {item.path for item in report.failed_files} <= {"sql/deep.sql"}
    assert report.files.ok + report.files.partial + report.files.failed == 47
    assert dask.worker_pids() == before


def test_a_worker_that_is_killed_in_the_middle_of_a_run_is_not_seen_in_the_graph(
    ingest: Ingest, sql: Path, graph: Callable[[], Snapshot], on_dask: Callable[[], None], dask: DaskProcesses
) -> None:

    for number in range(SLOW):
        (sql / f"v{number:02d}.sql").write_text(_view(number))
    ingest()
    wanted = graph()
    on_dask()
    killed: list[set[int]] = []

    def kill() -> None:
        until(dask.at_work)
        worker = psutil.Process(min(dask.worker_pids()))
        own = worker.children(recursive=True)
        worker.kill()
        killed.append({worker.pid, *(process.pid for process in own)})

    thread = threading.Thread(target=kill)
    thread.start()
    report = ingest(clear_cache=True)
    thread.join()
    assert killed
    assert report.failures == []
    assert report.cache_misses == SLOW + 47
    assert differences(graph(), wanted) == ""
    until(lambda: not [pid for pid in killed[0] if is_running(pid)])


def _view(number: int) -> str:
    """A view that takes a while to parse."""
    columns = ", ".join(f"CASE WHEN t.A{n} > {n} THEN SUM(t.A{n}) ELSE 0 END AS C{n}" for n in range(100))
    return f"CREATE VIEW dbo.V{number:02d} AS SELECT {columns} FROM dbo.T t;"  # noqa: S608 - a file's text


@pytest.mark.usefixtures("sql")
def test_a_cluster_that_is_not_there_ends_the_command_with_what_to_do(
    environment: dict[str, str], tmp_path: Path
) -> None:
    address = f"tcp://127.0.0.1:{free_port()}"
    done = subprocess.run(
        [sys.executable, "-c", "from flows.cli import main; main()", "ingest", "sql"],
        env={**environment, "INGEST_EXECUTOR": "dask", "DASK_SCHEDULER_ADDRESS": address, "COLUMNS": "200"},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 1
    said = done.stdout + done.stderr
    assert f"No Dask scheduler answers at {address}" in said
    assert "INGEST_EXECUTOR=local" in said


def test_doctor_looks_at_the_cluster(dask: DaskProcesses, monkeypatch: pytest.MonkeyPatch) -> None:
    def ask(**settings: str) -> tuple[str, str]:
        answer = servers.dask(Setup(load_settings(**settings), (os.curdir,)))
        return answer.verdict, answer.message

    assert ask() == ("skipped", "not needed: INGEST_EXECUTOR is local")
    until(lambda: len(dask.worker_pids()) == 2)
    verdict, message = ask(executor="dask", dask_scheduler_address=dask.address)
    assert (verdict, message) == ("ok", f"{dask.address}, 2 workers, 2 threads, of this version")
    monkeypatch.setattr(connection, "CONNECT_SECONDS", 1.0)
    verdict, message = ask(executor="dask", dask_scheduler_address=f"tcp://127.0.0.1:{free_port()}")
    assert verdict == "failed"
    assert "No Dask scheduler answers" in message
