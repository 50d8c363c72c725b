"""Task: write dead letters again."""

from collections.abc import Callable, Sequence

from prefect import task
from prefect.cache_policies import NO_CACHE

from lineage_core.graph.dead_letters import DeadLetter
from lineage_core.graph.letter_rows import Verdict
from tasks.retries import RETRY_DELAYS, may_pass


@task(
    task_run_name="replay {title}",
    retries=len(RETRY_DELAYS),
    retry_delay_seconds=RETRY_DELAYS,
    retry_condition_fn=may_pass,
    cache_policy=NO_CACHE,
    persist_result=False,
)
def replay_batch(
    title: str,  # noqa: ARG001 - the run's name shows it
    letters: list[DeadLetter],
    write: Callable[[Sequence[DeadLetter]], list[Verdict]],
) -> list[Verdict]:
    """What became of each letter of the batch, written again by `write`."""
    return write(letters)
