"""Task: link a batch of facts to rows; the rows go to the run's folder."""

from functools import partial

from prefect import task
from prefect.cache_policies import NO_CACHE

from lineage_core.ingest.link_stage import Batch
from lineage_core.ingest.linked import Linked, link_batches, lost_batch
from lineage_core.link.answers import Answers
from lineage_core.metrics import measured_batch
from tasks.run import current_run


@task(task_run_name="link {title}", cache_policy=NO_CACHE, persist_result=False)
def link_batch(title: str, batch: Batch, answers: Answers | None) -> Linked:  # noqa: ARG001 - the run's name shows it
    """The number of the batch's rows, and their digest.

    With the `answers` of the run's catalog it is linked in this process, else in one of the pool's, which finds the
    catalog in the run's folder.
    """
    run = current_run()
    link = partial(link_batches, settings=run.settings, run_dir=run.folder)
    with measured_batch("link", len(batch.versions)):
        if answers is not None:
            return link([batch], answers=answers)[0]
        return run.pool.run_batch(link, [batch], lost_batch)[0]
