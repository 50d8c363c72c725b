"""Tasks: write a batch of rows to Neo4j, and take gone files out of it.

The one layer that retries: the driver's own is off. A task that has succeeded in a run is not executed again when that
run is retried, even if the code was mended in between: its cache key is made of its inputs and the run's id.
"""

from typing import Any

from prefect import Task, task
from prefect.cache_policies import INPUTS, RUN_ID
from prefect.client.schemas.objects import State, TaskRun

from lineage_core.graph.writer import WriteResult
from lineage_core.ingest import write_stage
from lineage_core.metrics import measured_batch
from tasks.retries import RETRY_DELAYS, failed_for_now, tried_again
from tasks.run import current_run


def _may_pass(_task: Task[..., Any], _run: TaskRun, state: State[Any]) -> bool:
    """Whether a failed try is worth another one."""
    return not current_run().database_lost.is_set() and tried_again(state)


def _give_up(_task: Task[..., Any], _run: TaskRun, state: State[Any]) -> None:
    """After the last try: a database that is away would cost each of the other batches half a minute as well."""
    if failed_for_now(state):
        current_run().database_lost.set()


_RULES: dict[str, Any] = {
    "retries": len(RETRY_DELAYS),
    "retry_delay_seconds": RETRY_DELAYS,
    "retry_condition_fn": _may_pass,
    "on_failure": [_give_up],
    "cache_policy": INPUTS + RUN_ID,
    "persist_result": True,
}


@task(task_run_name="write {title}", **_RULES)
def write_batch(title: str, number: int, files: int, digest: str) -> WriteResult:  # noqa: ARG001 - make the cache key
    """Write the batch's rows, whose digest is given, of so many files. The same rows again are no change."""
    run = current_run()
    with measured_batch("write", files):
        return write_stage.write_batch(number, run.folder, run.writer)


@task(task_run_name="delete {title}", **_RULES)
def delete_files(title: str, paths: list[str], observed_at: str | None = None) -> WriteResult:  # noqa: ARG001
    """Take files out of the graph, with all they said, unless it has a later look at them than `observed_at`."""
    with measured_batch("delete", len(paths)):
        return current_run().writer.delete(paths, observed_at)
