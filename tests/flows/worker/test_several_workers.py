"""Several workers on one pool, several projects in one Neo4j, all at the same time: each graph is as if it were alone."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from changing_tree import Tree
from deployment_runs import DeploymentRuns
from plain_runs import PlainRuns, differences
from prefect.client.schemas.objects import StateType

from lineage_core.graph.writer import prepare

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from conftest import Worker
    from neo4j import Driver
    from prefect.client.orchestration import SyncPrefectClient
    from prefect.client.schemas.objects import FlowRun

    from lineage_core.graph.connection import Database
    from lineage_core.settings import Settings

pytestmark = [pytest.mark.stack, pytest.mark.xdist_group("worker")]

WORKERS = 3


class Project:
    """A project of its own: tree, name, and a table that the other one has in another form."""

    def __init__(self, name: str, folder: Path, client: SyncPrefectClient) -> None:
        self.name = name
        self.tree = Tree(folder)
        (folder / "own.sql").write_text(f"CREATE TABLE dbo.Own (Id int, {folder.name} money);")
        self._flows = {flow: DeploymentRuns(client, flow, self.tree) for flow in ("bulk", "incremental")}

    def start(self) -> list[FlowRun]:
        """A run over everything."""
        return [self._flows["bulk"].start([], self.name)]

    def turn(self) -> list[FlowRun]:
        """Change the tree; two incremental runs over a half each."""
        changed = self.tree.turn()
        return [self._flows["incremental"].start(part, self.name) for part in (changed[::2], changed[1::2])]

    def assert_ended_well(self, runs: list[FlowRun]) -> None:
        """All of them, as the flows share their ends."""
        assert [self._flows["bulk"].end(run) for run in runs] == [StateType.COMPLETED] * len(runs)


@pytest.fixture
def alone(driver: Driver, settings: Settings) -> Iterator[PlainRuns]:
    """Runs in this process, one at a time."""
    with closing(PlainRuns(driver, settings)) as made:
        yield made


@pytest.mark.timeout(1800)
def test_runs_of_two_projects_by_three_workers_make_the_graphs_of_runs_alone(
    worker: Callable[..., Worker],
    client: SyncPrefectClient,
    tmp_path: Path,
    driver: Driver,
    database: Database,
    project: str,
    alone: PlainRuns,
) -> None:
    prepare(driver, database.name)
    workers = [worker("--limit", "1") for _ in range(WORKERS)]
    with alone.empty_project() as other:
        projects = [Project(project, tmp_path / "First", client), Project(other, tmp_path / "Second", client)]
        for started in workers:
            started.runner()
        seen: list[FlowRun] = []
        for work in (Project.start, Project.turn):
            runs = {one.name: work(one) for one in projects}
            for one in projects:
                one.assert_ended_well(runs[one.name])
                seen += runs[one.name]
            for one in projects:
                assert differences(alone.graph(one.name), alone.bulk_graph(one.tree.folder)) == ""
        did = workers[0].until(lambda: _did_each_by_one(workers, seen))
        assert len([done for done in did if done]) > 1, "a worker that is busy leaves the rest to the others"


def _did_each_by_one(workers: list[Worker], runs: list[FlowRun]) -> list[list[str]]:
    """What each worker did, once they say that each run was done by one: who lost the race for a run says it late."""
    did = [_did(worker, runs) for worker in workers]
    return did if sorted(run for done in did for run in done) == sorted(str(run.id) for run in runs) else []


def _did(worker: Worker, runs: list[FlowRun]) -> list[str]:
    """The runs that a worker began, and that no other one had begun before it."""
    said = worker.said
    return [
        str(run.id)
        for run in runs
        if f"submitting flow run '{run.id}'" in said and f"Aborted submission of flow run '{run.id}'" not in said
    ]
