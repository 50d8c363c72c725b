"""Everything a run needs, opened in order and closed in reverse: database, folder, cache, pool."""

from __future__ import annotations

import shutil
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from lineage_core.cache.parse_cache import ParseCache
from lineage_core.errors import DataFolderError
from lineage_core.graph.connection import locate, open_driver
from lineage_core.graph.writer import prepare
from lineage_core.ingest.pool import ParserPool
from lineage_core.ingest.write_stage import writer_for
from lineage_core.source.dialects import DialectPatterns
from tasks.results import forget_all, forget_expired
from tasks.run import IngestRun, entered

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from lineage_core.settings import Settings

KEEP_DAYS = 7
"""Days that the folder of a failed run is kept, to be looked at."""

_DAY = 86_400


@contextmanager
def open_run(settings: Settings, run_id: str, *, clear_cache: bool = False) -> Iterator[IngestRun]:
    """The run `run_id`, made the current one for the tasks of the block.

    Its folder stays if the block raises, and for the caller to discard otherwise.

    Raises:
        SettingsError: a dialect in the settings is unknown.
        DatabaseError, ServerError: Neo4j cannot be reached, or not be started.
        CacheError, DataFolderError: the data folder cannot be used.
    """
    settings = settings.model_copy(update={"data_dir": settings.data_dir.absolute(), "root": settings.root.absolute()})
    dialects = DialectPatterns(settings)
    database = locate(settings)
    with open_driver(database) as driver:
        prepare(driver, database.name)
        with ParserPool(settings, sequential=not settings.enable_batching) as pool:
            run = IngestRun(
                settings=settings,
                folder=_run_folder(settings, run_id),
                dialects=dialects,
                pool=pool,
                driver=driver,
                database=database.name,
                writer=writer_for(driver, database.name, settings, run_id),
            )
            with entered(run):
                _ready_caches(settings, clear=clear_cache)
                yield run


def discard_folder(run: IngestRun) -> None:
    """Delete the folder of a run that needs no retry."""
    shutil.rmtree(run.folder, ignore_errors=True)


def _ready_caches(settings: Settings, *, clear: bool) -> None:
    """Check the parse cache and forget what is too old; on request, forget everything."""
    if clear:
        forget_all()
    else:
        forget_expired()
    if settings.enable_cache or clear:
        with ParseCache(settings) as cache:
            if clear:
                cache.clear()
            cache.health_check()


def _run_folder(settings: Settings, run_id: str) -> Path:
    """The run's folder; those of runs that failed long ago go."""
    folder = settings.runs_dir / run_id
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        oldest = time.time() - KEEP_DAYS * _DAY
        for other in settings.runs_dir.iterdir():
            if other != folder and other.is_dir() and other.stat().st_mtime < oldest:
                shutil.rmtree(other, ignore_errors=True)
    except OSError as error:
        raise DataFolderError(
            f"The folder of the run, {folder}, cannot be made: {error.strerror}.",
            hint="LINEAGE_DATA_DIR must name a folder that can be written.",
        ) from error
    return folder
