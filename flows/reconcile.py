"""What a killed worker left behind: its runs end, what they held is free again, and what they had to do is done."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas import filters
from prefect.client.schemas.objects import StateType
from prefect.states import Cancelled, Crashed, Scheduled

from flows.one_at_a_time import PREFIX

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from prefect.client.schemas.objects import FlowRun, State, TaskRun

MOST_TRIES = 3
"""A run that has been begun as often is not begun again: it may be what kills its worker."""

_LEFT = [StateType.PENDING, StateType.RUNNING, StateType.CANCELLING]
_PAGE = 200
_KILLED = "The worker that ran it was killed."


def reconcile_crashed(pool: str, say: Callable[[str], None]) -> None:
    """End the runs that a killed worker of the pool left, free their slots, and have them run once more.

    Only for where no other worker of the pool is at work: its runs would be taken for abandoned as well.

    Args:
        pool: name of the work pool.
        say: takes a line for people.
    """
    with get_client(sync_client=True) as client:
        for run in _left_runs(client, pool):
            say(f"Run {run.name} was left {run.state_name} by a killed worker; {_end(client, run)}.")
        for limit in client.read_global_concurrency_limits(limit=_PAGE):
            if limit.name.startswith(PREFIX) and limit.active_slots:
                # Not emptied but deleted: a lease that ends later would take the slot from who holds it then.
                client.delete_global_concurrency_limit_by_name(limit.name)


def _left_runs(client: SyncPrefectClient, pool: str) -> Sequence[FlowRun]:
    return client.read_flow_runs(
        work_pool_filter=filters.WorkPoolFilter(name=filters.WorkPoolFilterName(any_=[pool])),
        flow_run_filter=filters.FlowRunFilter(
            state=filters.FlowRunFilterState(type=filters.FlowRunFilterStateType(any_=_LEFT))
        ),
        limit=_PAGE,
    )


def _end(client: SyncPrefectClient, run: FlowRun) -> str:
    """End a run; what becomes of it, in words."""
    for task in _running_tasks(client, run):
        client.set_task_run_state(task.id, Crashed(message=_KILLED), force=True)
    if run.state_type is StateType.CANCELLING:
        client.set_flow_run_state(run.id, Cancelled(message=_KILLED), force=True)
        return "it was being cancelled, and is now"
    client.set_flow_run_state(run.id, Crashed(message=_KILLED), force=True)
    if run.run_count >= MOST_TRIES:
        return f"it was tried {run.run_count} times, and stays crashed"
    again: State[Any] = Scheduled(name="AwaitingRetry", message=f"{_KILLED} It runs again.")
    client.set_flow_run_state(run.id, again, force=True)
    return "it runs again"


def _running_tasks(client: SyncPrefectClient, run: FlowRun) -> Iterator[TaskRun]:
    of_run = filters.FlowRunFilter(id=filters.FlowRunFilterId(any_=[run.id]))
    at_work = filters.TaskRunFilter(
        state=filters.TaskRunFilterState(type=filters.TaskRunFilterStateType(any_=[StateType.RUNNING]))
    )
    yield from client.read_task_runs(flow_run_filter=of_run, task_run_filter=at_work, limit=_PAGE)
