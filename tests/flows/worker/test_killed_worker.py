"""kill -9 of the worker in the middle of a run: the next worker's pass makes the graph that of a run left in peace."""

from __future__ import annotations

import random
import time
from typing import TYPE_CHECKING

import pytest
from changing_tree import Tree
from deployment_runs import DEPLOYMENTS, DeploymentRuns
from prefect.client.schemas.objects import StateType

from lineage_core.graph.snapshot import Snapshot, snapshot
from lineage_core.graph.writer import prepare

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from conftest import Worker
    from neo4j import Driver
    from prefect.client.orchestration import SyncPrefectClient

    from lineage_core.graph.connection import Database

pytestmark = [pytest.mark.stack, pytest.mark.xdist_group("worker")]

MOMENTS = 10
"""Kills, one in each tenth of the time from the submission of a run to its end."""


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("flow", list(DEPLOYMENTS))
def test_the_next_worker_makes_the_graph_whole(
    worker: Callable[..., Worker],
    client: SyncPrefectClient,
    tmp_path: Path,
    driver: Driver,
    database: Database,
    project: str,
    flow: str,
) -> None:
    prepare(driver, database.name)
    tree = Tree(tmp_path / "sql")
    runs = DeploymentRuns(client, flow, tree)
    chance = random.Random(f"7 {flow}")  # noqa: S311 - no secret
    alive = worker()
    alive.runner()
    clean: dict[int, Snapshot] = {}
    for _ in range(2):
        changed = tree.turn()
        whole = [str(tree.folder)]
        begun = time.monotonic()
        assert runs.end(runs.start(whole, f"{project}-{tree.state}")) is StateType.COMPLETED
        seconds = time.monotonic() - begun
        clean[tree.state] = snapshot(driver, database.name, f"{project}-{tree.state}")
    assert clean[0] != clean[1]
    assert runs.end(runs.start([str(tree.folder)], project)) is StateType.COMPLETED
    for number in range(MOMENTS):
        changed = tree.turn()
        moment = (number + chance.random()) / MOMENTS
        run = runs.start(changed, project)
        time.sleep(moment * seconds)  # that it is just any moment is the point
        alive.process.kill()
        alive.process.wait()
        alive = worker("--reconcile")
        alive.runner()
        assert runs.end(run) is StateType.COMPLETED, f"killed {moment:.0%} into a run"
        assert snapshot(driver, database.name, project) == clean[tree.state], f"killed {moment:.0%} into a run"
