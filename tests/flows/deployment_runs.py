"""Runs of the project's deployments over a changing tree, for a `lineage worker` to do."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from changing_tree import Tree
    from prefect.client.orchestration import SyncPrefectClient
    from prefect.client.schemas.objects import FlowRun, StateType

DEPLOYMENTS = {"bulk": "bulk/ingest", "incremental": "incremental/watch"}
SECONDS = 60.0


class DeploymentRuns:
    """Runs of a deployment over a tree."""

    def __init__(self, client: SyncPrefectClient, flow: str, tree: Tree) -> None:
        self._client = client
        self._deployment = client.read_deployment_by_name(DEPLOYMENTS[flow]).id
        self._tree = tree
        self._flow = flow

    def start(self, changed: Sequence[str], project: str) -> FlowRun:
        """One over the whole tree, or over what changed in it."""
        paths = list(changed) if self._flow == "incremental" else [str(self._tree.folder)]
        parameters = {"paths": paths, "project": project, "root": str(self._tree.folder)}
        return self._client.create_flow_run_from_deployment(self._deployment, parameters=parameters)

    def end(self, run: FlowRun) -> StateType:
        """How a run ended, once it has for good."""
        deadline = time.monotonic() + SECONDS
        while True:
            state = self._client.read_flow_run(run.id).state
            if state is not None and state.is_final():
                return state.type
            assert time.monotonic() < deadline, state
            time.sleep(0.05)
