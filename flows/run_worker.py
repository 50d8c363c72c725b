"""A worker as a process: takes flow runs from the work pool and runs them, until it is told to stop."""

from __future__ import annotations

import asyncio
import os
import signal
from contextlib import nullcontext
from typing import TYPE_CHECKING

from flows.metrics.service import served_metrics
from flows.prefect_environment import client_environment
from flows.prefect_server import running_server
from lineage_core.errors import ServerError

if TYPE_CHECKING:
    from collections.abc import Callable

    from lineage_core.settings import Settings

POOL = "lineage"

_QUERY_SECONDS = "0.5"
"""Between two looks for runs. Prefect's own 10 s would be most of the time between a save and the graph."""


def run_worker(settings: Settings, *, limit: int | None, reconcile: bool, say: Callable[[str], None]) -> None:
    """Work until SIGTERM or SIGINT; flow runs that are under way are stopped then.

    Args:
        settings: name the Prefect server.
        limit: flow runs at the same time; None: any number.
        reconcile: look first for runs that a killed worker left behind. Only where this is the pool's one worker.
        say: takes a line for people.

    Raises:
        ServerError: no Prefect server answers, or it has no such work pool.
    """
    server = running_server(settings)
    home = settings.prefect_dir if server.local else settings.prefect_home
    os.environ.update(client_environment(server.api_url, home, "verbose"))
    os.environ.setdefault("PREFECT_WORKER_QUERY_SECONDS", _QUERY_SECONDS)
    server.wait()
    if reconcile:
        from flows.reconcile import reconcile_crashed

        reconcile_crashed(POOL, say)
    with served_metrics(settings):
        asyncio.run(_work(limit, say, warm=settings.enable_warm_runner))


async def _work(limit: int | None, say: Callable[[str], None], *, warm: bool) -> None:
    from prefect.workers.process import ProcessWorker

    from flows.metrics.queues import count_queues
    from flows.warm.keep import JobConfiguration, warm_runner

    await _check_pool()
    worker = ProcessWorker(work_pool_name=POOL, limit=limit, create_pool_if_not_found=False)
    worker.job_configuration = JobConfiguration
    async with warm_runner() if warm else nullcontext():
        working = asyncio.create_task(worker.start(printer=say))
        counting = asyncio.create_task(count_queues(POOL))
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, working.cancel)
        await asyncio.wait([working])
        counting.cancel()
    if not working.cancelled():
        working.result()


async def _check_pool() -> None:
    from prefect.client.orchestration import get_client
    from prefect.exceptions import ObjectNotFound

    async with get_client() as client:
        try:
            await client.read_work_pool(POOL)
        except ObjectNotFound as error:
            raise ServerError(
                f"The Prefect server at {client.api_url} has no work pool {POOL!r}.", hint="Run `lineage deploy`."
            ) from error
