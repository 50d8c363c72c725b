"""A run whose batch failed, seen and retried in a browser: after the cause is gone, and after the code was mended."""

from __future__ import annotations

from collections import Counter
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
from ended_processes import until_gone
from playwright.sync_api import expect

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from conftest import Server, Site
    from neo4j import Driver
    from prefect.client.schemas.objects import TaskRun
    from ui_pages import Pages

    from lineage_core.graph.connection import Database

pytestmark = [pytest.mark.stack, pytest.mark.xdist_group("ui"), pytest.mark.timeout(1200)]

FILES = 130
"""Three batches: 50, 50 and 30."""

REFUSED = "write batch-001 (50 files), sql/t050.sql to sql/t099.sql: "
WRITE = "    return writer.write("
BUG = '    if batch == 1:\n        raise KeyError("rows")\n'


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A tree of three batches, in the folder `sql` of a root."""
    folder = tmp_path / "root" / "sql"
    folder.mkdir(parents=True)
    for number in range(FILES):
        (folder / f"t{number:03d}.sql").write_text(f"CREATE TABLE dbo.T{number:03d} (Id int);")
    return folder


def test_once_the_cause_is_gone_retry_executes_the_failed_batch_alone(
    site: Site, pages: Pages, server: Server, tree: Path, project: str, driver: Driver, database: Database
) -> None:
    pages.deployment("bulk", "ingest")
    with site.way.refuses("sql/t070.sql"):
        run = pages.custom_run(paths=[str(tree)], project=project, root=str(tree.parent))
        pages.expect_state("Failed")
    assert pages.state_message().startswith(f"{REFUSED}ServiceUnavailable")
    assert site.way.cuts == 3, "tried, and tried again as often as the settings of the copy say"
    assert _files(driver, database, project) == FILES - 50
    until_gone(run)
    pages.retry()
    pages.expect_state("Completed")
    _assert_only_batch_1_was_written_again(server, run, tries=3)
    assert _files(driver, database, project) == FILES
    shown = pages.tab("Task Runs")
    for name, count in (("write batch-000", "1 Task run"), ("write batch-001", "2 Task runs")):
        shown.get_by_role("searchbox").fill(name)
        expect(shown).to_contain_text(count)


def test_once_the_code_is_mended_retry_runs_the_mended_code_and_the_failed_batch_alone(
    site: Site, pages: Pages, server: Server, tree: Path, project: str, driver: Driver, database: Database
) -> None:
    pages.deployment("bulk", "ingest")
    with _bug(site.code / "lineage_core" / "ingest" / "write_stage.py"):
        run = pages.custom_run(paths=[str(tree)], project=project, root=str(tree.parent))
        pages.expect_state("Failed")
    assert pages.state_message() == f"{REFUSED}KeyError: 'rows'"
    until_gone(run)
    pages.retry()
    pages.expect_state("Completed")
    _assert_only_batch_1_was_written_again(server, run, tries=1)
    assert _files(driver, database, project) == FILES


@contextmanager
def _bug(module: Path) -> Iterator[None]:
    """A module of the worker's code is wrong until the end of the block."""
    right = module.read_text()
    assert right.count(WRITE) == 1
    module.write_text(right.replace(WRITE, BUG + WRITE))
    try:
        yield
    finally:
        module.write_text(right)


def _assert_only_batch_1_was_written_again(server: Server, run: str, tries: int) -> None:
    """`tries` of the batch before the run was retried. The server gets to know of task runs a moment later."""
    expected = {
        ("write batch-000 (50 files)", 1, "Completed"): 1,
        ("write batch-001 (50 files)", tries, "Failed"): 1,
        ("write batch-001 (50 files)", 1, "Completed"): 1,
        ("write batch-002 (30 files)", 1, "Completed"): 1,
    }
    server.until(run, lambda tasks: _writes(tasks) == expected)
    assert server.flow_run(run).run_count == 2


def _writes(tasks: list[TaskRun]) -> Counter[tuple[str, int, str | None]]:
    return Counter((task.name, task.run_count, task.state_name) for task in tasks if task.name.startswith("write"))


def _files(driver: Driver, database: Database, project: str) -> int:
    query = "MATCH (f:File {project_id: $p}) WHERE f.sha256 IS NOT NULL RETURN count(f) AS n"
    records, _, _ = driver.execute_query(query, p=project, database_=database.name)
    return int(records[0]["n"])
