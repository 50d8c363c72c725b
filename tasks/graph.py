"""Task: ask the graph, or set something in it, outside of the batches."""

from collections.abc import Callable
from typing import TypeVar

from prefect import task
from prefect.cache_policies import NO_CACHE

from tasks.retries import RETRY_DELAYS, may_pass
from tasks.run import current_run

T = TypeVar("T")


def on_graph(title: str, work: Callable[[], T]) -> T:
    """What `work` returns, which may be done twice; a database that is away for half a minute is waited for."""
    return work() if current_run().plain else _on_graph(title, work)


@task(
    name="on_graph",
    task_run_name="{title}",
    retries=len(RETRY_DELAYS),
    retry_delay_seconds=RETRY_DELAYS,
    retry_condition_fn=may_pass,
    cache_policy=NO_CACHE,
    persist_result=False,
)
def _on_graph(title: str, work: Callable[[], T]) -> T:  # noqa: ARG001 - the run's name shows it
    return work()
