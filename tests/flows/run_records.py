"""What a Prefect server has on record of a flow run's task runs."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING
from uuid import UUID

from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterId
from prefect.settings import PREFECT_API_URL, temporary_settings

if TYPE_CHECKING:
    from prefect.client.orchestration import SyncPrefectClient
    from prefect.client.schemas import TaskRun

SECONDS = 120.0
"""Within them a server has recorded the end of a task run; it takes a second on a quiet machine."""


def batches(stage: str, *files: int) -> list[str]:
    """The names of a stage's task runs, one for each number of files."""
    return [f"{stage} batch-{number:03d} ({count} files)" for number, count in enumerate(files)]


def ended_task_runs(client: SyncPrefectClient, run_id: str, named: list[str]) -> list[TaskRun]:
    """The named task runs of a flow run, in that order, once the server knows the end of each.

    The server records task runs from events, one by one, some tenths of a second after they happen: those it has are
    not yet all there will be.
    """
    of_run = FlowRunFilter(id=FlowRunFilterId(any_=[UUID(run_id)]))
    deadline = time.monotonic() + SECONDS
    while True:
        found = {run.name: run for run in client.read_task_runs(flow_run_filter=of_run)}
        runs = [found[name] for name in named if name in found]
        if len(runs) == len(named) and all(run.state is not None and run.state.is_final() for run in runs):
            return runs
        assert time.monotonic() < deadline, {name: run.state_name for name, run in found.items()}
        time.sleep(0.1)


def retry_delays(client: SyncPrefectClient, run: TaskRun) -> list[float]:
    """Seconds from the end of each failed try of a task run to its next one, as the server was told them."""
    waits = [
        (state.state_details.scheduled_time - state.timestamp).total_seconds()
        for state in sorted(client.read_task_run_states(run.id), key=lambda state: state.timestamp)
        if state.name == "AwaitingRetry" and state.state_details.scheduled_time
    ]
    assert run.run_count == len(waits) + 1
    return waits


def task_states(api_url: str, run_id: str, named: list[str]) -> list[str | None]:
    """The names of the states in which the named task runs ended."""
    with temporary_settings({PREFECT_API_URL: api_url}), get_client(sync_client=True) as client:
        return [run.state_name for run in ended_task_runs(client, run_id, named)]
