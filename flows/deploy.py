"""Makes a Prefect server ready for workers: the work pool, its queues with their priorities, and the deployments.

Prefect's own `deploy` makes deployments only. So prefect.yaml declares pool and queues under `definitions`, which
Prefect does not read, and they are made here, as often as one likes.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from typing import TYPE_CHECKING

from prefect.client.orchestration import get_client
from prefect.client.schemas.actions import WorkPoolCreate
from prefect.exceptions import ObjectAlreadyExists
from prefect.workers.process import ProcessWorker

from lineage_core.errors import ServerError
from tasks.results import register

if TYPE_CHECKING:
    from pathlib import Path

    from prefect.client.orchestration import PrefectClient

    from flows.prefect_file import Pool, PrefectFile

_DEPLOY_SECONDS = 120


def deploy(path: Path, declared: PrefectFile) -> None:
    """Make pool, queues, result storage and every deployment of a prefect.yaml on the current Prefect server.

    Args:
        path: the file.
        declared: what it says.

    Raises:
        ServerError: Prefect refuses a deployment; with what it said.
    """
    asyncio.run(make_pool(declared.definitions.pool))
    register()
    _make_deployments(path)


async def make_pool(pool: Pool) -> None:
    """Make the work pool and its queues, and give queues that are there already their priority."""
    async with get_client() as client:
        await _make_work_pool(client, pool)
        there = {queue.name for queue in await client.read_work_queues(work_pool_name=pool.name)}
        for name, priority in pool.queues.items():
            if name not in there:
                await client.create_work_queue(name=name, priority=priority, work_pool_name=pool.name)
        # A new queue moves others of its priority down, so the priorities are set once all are there, the lowest last.
        for queue in sorted(await client.read_work_queues(work_pool_name=pool.name), key=lambda queue: queue.priority):
            if queue.priority != pool.queues.get(queue.name, queue.priority):
                await client.update_work_queue(queue.id, priority=pool.queues[queue.name])


async def _make_work_pool(client: PrefectClient, pool: Pool) -> None:
    template = ProcessWorker.get_default_base_job_template() if pool.type == ProcessWorker.type else {}
    try:
        await client.create_work_pool(WorkPoolCreate(name=pool.name, type=pool.type, base_job_template=template))
    except ObjectAlreadyExists:
        return


def _make_deployments(path: Path) -> None:
    """Prefect reads a prefect.yaml through its command only."""
    done = subprocess.run(
        [sys.executable, "-m", "prefect", "--no-prompt", "deploy", "--all", "--prefect-file", path.name],
        cwd=path.resolve().parent,
        env={**os.environ, "NO_COLOR": "1", "COLUMNS": "200"},
        capture_output=True,
        text=True,
        timeout=_DEPLOY_SECONDS,
        check=False,
    )
    if done.returncode:
        raise ServerError(
            f"Prefect could not deploy {path}:\n{(done.stdout + done.stderr).strip()}",
            hint="The last lines name the deployment and what is wrong with it.",
        )
