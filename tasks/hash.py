"""Task: hash a batch of files."""

from prefect import task
from prefect.cache_policies import NO_CACHE

from lineage_core.metrics import measured_batch
from lineage_core.model.files import FileVersion, SourceFile
from lineage_core.source.hashing import hash_file
from tasks.run import current_run


@task(task_run_name="hash {title}", cache_policy=NO_CACHE, persist_result=False)
def hash_batch(title: str, files: list[SourceFile]) -> list[FileVersion]:  # noqa: ARG001 - the run's name shows it
    """The versions of the batch's files that are on disk now, in order."""
    dialects = current_run().dialects
    with measured_batch("hash", len(files)):
        return [hash_file(file, dialects.of(file.path)) for file in files]
