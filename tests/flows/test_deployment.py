"""prefect.yaml on a real Prefect server, run by a real worker against a real Neo4j, and retried as the UI does it."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from ended_processes import until_gone
from filelock import FileLock
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.settings import PREFECT_API_URL, temporary_settings
from prefect.states import Scheduled

from flows import deploy as deployment
from flows.prefect_file import read_prefect_file
from lineage_core.errors import ServerError, SettingsError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from uuid import UUID

    from neo4j import Driver
    from prefect.client.schemas.objects import FlowRun

    from lineage_core.graph.connection import Database

CHECKOUT = Path(__file__).resolve().parents[2]

FAULT = """
import pathlib, time
from lineage_core.ingest import write_stage

write = write_stage.write_batch

def faulty(number, *rest):
    if number == 1 and pathlib.Path("fault").exists():
        raise RuntimeError("batch 1 is refused")
    pathlib.Path(f"written-{number}-{time.time_ns()}").touch()
    return write(number, *rest)

write_stage.write_batch = faulty
"""


@pytest.fixture
def client(environment: dict[str, str], shared_folder: Path) -> Iterator[SyncPrefectClient]:
    """A client of the shared Prefect server, on which one test at a time deploys."""
    alone = FileLock(shared_folder / "deployments.lock")
    api = {PREFECT_API_URL: environment["PREFECT_API_URL"]}
    with alone, temporary_settings(api), get_client(sync_client=True) as opened:
        yield opened


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout of the project as far as deployments go, with a tree of two batches."""
    shutil.copy(CHECKOUT / "prefect.yaml", tmp_path)
    shutil.copytree(CHECKOUT / "flows", tmp_path / "flows")
    (tmp_path / "sql").mkdir()
    for number in range(60):
        (tmp_path / "sql" / f"t{number:02d}.sql").write_text(f"CREATE TABLE dbo.T{number:02d} (Id int);")
    return tmp_path


def test_deploying_makes_pool_queues_and_the_nightly_deployment_and_again_changes_nothing(
    client: SyncPrefectClient, checkout: Path
) -> None:
    for _ in range(2):
        _deploy(checkout)
        priorities = asyncio.run(_priorities())
        assert (priorities["critical"], priorities["normal"], priorities["batch"]) == (1, 2, 3)
        assert client.read_work_pool("lineage").type == "process"
        nightly = client.read_deployment_by_name("bulk/nightly")
        assert nightly.work_queue_name == "batch"
        assert [item.schedule.cron for item in nightly.schedules] == ["15 2 * * *"]
        assert nightly.parameters == {"paths": []}
        form = nightly.parameter_openapi_schema["properties"]
        assert all(field.get("description") for field in form.values()), "each field of the form says what it means"


def test_a_missing_or_broken_prefect_yaml_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="There is no"):
        read_prefect_file(tmp_path / "prefect.yaml")
    (tmp_path / "prefect.yaml").write_text("deployments: []\n")
    with pytest.raises(SettingsError, match="definitions"):
        read_prefect_file(tmp_path / "prefect.yaml")


@pytest.mark.usefixtures("client")
def test_what_prefect_refuses_is_passed_on(checkout: Path) -> None:
    file = checkout / "prefect.yaml"
    file.write_text(file.read_text().replace("flows/bulk.py:bulk", "flows/bulk.py:nothing"))
    with pytest.raises(ServerError, match="nothing"):
        _deploy(checkout)


def test_a_worker_runs_the_deployment_and_a_retry_writes_only_the_batch_that_failed(
    client: SyncPrefectClient,
    checkout: Path,
    environment: dict[str, str],
    driver: Driver,
    database: Database,
    project: str,
) -> None:
    _deploy(checkout)
    (checkout / "fault").touch()
    (checkout / "patches").mkdir()
    (checkout / "patches" / "sitecustomize.py").write_text(FAULT)
    nightly = client.read_deployment_by_name("bulk/nightly")
    run = client.create_flow_run_from_deployment(nightly.id, parameters={"paths": ["sql"]})
    with _worker(environment, checkout):
        failed = _wait(client, run.id)
        assert failed.state.is_failed(), failed.state
        assert "write batch-001 (10 files), sql/t50.sql to sql/t59.sql: RuntimeError" in failed.state.message
        assert _files(driver, database, project) == 50
        (checkout / "fault").unlink()
        until_gone(run.id)
        client.set_flow_run_state(run.id, Scheduled(name="AwaitingRetry"), force=True)
        mended = _wait(client, run.id)
    assert mended.state.is_completed(), mended.state
    assert mended.run_count == 2
    assert _files(driver, database, project) == 60
    written = [file.name.split("-")[1] for file in checkout.glob("written-*")]
    assert sorted(written) == ["0", "1"], "each batch was written once"


def _deploy(checkout: Path) -> None:
    file = checkout / "prefect.yaml"
    deployment.deploy(file, read_prefect_file(file))


async def _priorities() -> dict[str, int]:
    async with get_client() as client:
        return {queue.name: queue.priority for queue in await client.read_work_queues(work_pool_name="lineage")}


@contextmanager
def _worker(environment: dict[str, str], checkout: Path) -> Iterator[None]:
    """A worker of pool `lineage`, as a user starts it. Its working folder is another than the flow's."""
    variables = {**environment, "PREFECT_WORKER_QUERY_SECONDS": "1", "PYTHONPATH": f"{checkout / 'patches'}:{CHECKOUT}"}
    command = [sys.executable, "-m", "prefect", "worker", "start", "--pool", "lineage"]
    with (checkout / "worker.log").open("w") as log:
        worker = subprocess.Popen(command, env=variables, cwd=checkout.parent, stdout=log, stderr=subprocess.STDOUT)
        try:
            yield
        finally:
            worker.terminate()
            worker.wait(60)


def _wait(client: SyncPrefectClient, run_id: UUID) -> FlowRun:
    """The run once it has ended. Prefect tells of it by events only to those that ask before it begins: so look."""
    deadline = time.monotonic() + 300
    while True:
        run = client.read_flow_run(run_id)
        if run.state is not None and run.state.is_final():
            return run
        assert time.monotonic() < deadline, run.state
        time.sleep(0.3)


def _files(driver: Driver, database: Database, project: str) -> int:
    query = "MATCH (f:File {project_id: $p}) WHERE f.sha256 IS NOT NULL RETURN count(f) AS n"
    records, _, _ = driver.execute_query(query, p=project, database_=database.name)
    return int(records[0]["n"])
