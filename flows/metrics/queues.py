"""How many runs wait in each work queue, and how many are at work: asked now and then by whoever serves the queues."""

from __future__ import annotations

import asyncio
import logging

import httpx
from prefect.client.orchestration import PrefectClient, get_client
from prefect.client.schemas import filters
from prefect.client.schemas.objects import StateType
from prefect.exceptions import PrefectHTTPStatusError

from lineage_core.metrics import QUEUE_RUNS

_EVERY_SECONDS = 15.0
_STATES = {
    "late": filters.FlowRunFilterState(name=filters.FlowRunFilterStateName(any_=["Late"])),
    "scheduled": filters.FlowRunFilterState(name=filters.FlowRunFilterStateName(any_=["Scheduled", "AwaitingRetry"])),
    "running": filters.FlowRunFilterState(
        type=filters.FlowRunFilterStateType(any_=[StateType.PENDING, StateType.RUNNING, StateType.CANCELLING])
    ),
}
"""`late` are those that should have begun by now; `scheduled` includes the nights to come."""

_log = logging.getLogger(__name__)


async def count_queues(pool: str) -> None:
    """Count the runs of a pool's queues, for ever. A server that is away is asked again later."""
    while True:
        try:
            async with get_client() as client:
                await _count(client, pool)
        except (httpx.HTTPError, PrefectHTTPStatusError) as error:
            _log.debug("The queues of %s cannot be counted: %s", pool, error)
        await asyncio.sleep(_EVERY_SECONDS)


async def _count(client: PrefectClient, pool: str) -> None:
    for queue in await client.read_work_queues(work_pool_name=pool):
        for state, chosen in _STATES.items():
            count = await client.count_flow_runs(
                flow_run_filter=filters.FlowRunFilter(state=chosen),
                work_pool_filter=filters.WorkPoolFilter(name=filters.WorkPoolFilterName(any_=[pool])),
                work_queue_filter=filters.WorkQueueFilter(id=filters.WorkQueueFilterId(any_=[queue.id])),
            )
            QUEUE_RUNS.labels(queue.name, state).set(count)
