"""Task: parse a batch of files in the pool's processes; their facts go to the run's folder."""

import hashlib
from collections.abc import Sequence
from typing import Any

from prefect import Task, task
from prefect.client.schemas.objects import State, TaskRun
from prefect.context import TaskRunContext

from lineage_core.cache.parse_cache import facts_key
from lineage_core.errors import ClusterLostError
from lineage_core.ingest.parse_stage import FileParse, failed_parse
from lineage_core.ingest.parse_work import ParseWork
from lineage_core.metrics import RETRIES, measured_batch
from lineage_core.model.files import FileVersion
from lineage_core.sql.parse import PARSER_VERSION
from tasks.retries import RETRY_DELAYS
from tasks.run import current_run


def batch_key(versions: Sequence[FileVersion]) -> str:
    """What decides a batch's facts: its paths, contents, dialects, and the versions of parser and facts.

    Empty where a file could not be read: such a batch is parsed every time.
    """
    if any(version.error for version in versions):
        return ""
    digest = hashlib.sha256()
    for version in versions:
        digest.update(f"{version.path}\0{facts_key(version.sha256, version.dialect, PARSER_VERSION)}\0".encode())
    return f"parse-{digest.hexdigest()}"


def _given_key(_context: TaskRunContext, parameters: dict[str, Any]) -> str | None:
    """Prefect's cache key of the task; none switches its cache off."""
    return parameters["key"] or None


def _cluster_was_lost(_task: Task[..., Any], _run: TaskRun, state: State[Any]) -> bool:
    """The one failure of a batch that may pass: a file's is a result."""
    lost = isinstance(state.result(raise_on_failure=False), ClusterLostError)
    if lost:
        RETRIES.labels("cluster_lost").inc()
    return lost


@task(
    task_run_name="parse {title}",
    cache_key_fn=_given_key,
    persist_result=True,
    retries=len(RETRY_DELAYS),
    retry_delay_seconds=RETRY_DELAYS,
    retry_condition_fn=_cluster_was_lost,
)
def parse_batch(title: str, number: int, versions: list[FileVersion], key: str) -> list[FileParse]:  # noqa: ARG001
    """What came of each file, in order. With a `key` that was seen before the task shows as Cached and does nothing."""
    return parse_in_pool(number, versions)


def parse_in_pool(number: int, versions: Sequence[FileVersion]) -> list[FileParse]:
    """Parse a batch of the current run; files whose content the parse cache has cost a look-up."""
    run = current_run()
    with measured_batch("parse", len(versions)):
        return run.pool.run_batch(ParseWork.of(run.settings, run.folder, number), versions, failed_parse)
