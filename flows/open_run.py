"""Everything a run needs, opened in order and closed in reverse: database, folder, cache, pool."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from flows.run_folder import make_run_folder
from lineage_core.cache.open_store import OpenStore
from lineage_core.cache.parse_cache import ParseCache
from lineage_core.graph.connection import locate, open_driver
from lineage_core.graph.writer import prepare
from lineage_core.ingest.garbage import collect_seldom
from lineage_core.ingest.open_pool import open_pool
from lineage_core.ingest.write_stage import writer_for
from lineage_core.source.dialects import DialectPatterns
from tasks.results import forget_all, forget_expired
from tasks.run import IngestRun, entered

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lineage_core.settings import Settings


@contextmanager
def open_run(settings: Settings, run_id: str, *, clear_cache: bool = False, plain: bool = False) -> Iterator[IngestRun]:
    """The run `run_id`, made the current one for the tasks of the block.

    Its folder stays if the block raises, and for the caller to discard otherwise.

    Args:
        settings: of the run.
        run_id: names its folder, and is kept on what it writes.
        clear_cache: forget what was parsed before.
        plain: call the tasks as plain functions; no flow run, and no Prefect server, is needed then.

    Raises:
        SettingsError: a dialect in the settings is unknown.
        DatabaseError, ServerError: Neo4j cannot be reached, or not be started.
        ClusterError: the Dask cluster that is to parse cannot be used.
        CacheError, DataFolderError: the data folder cannot be used.
    """
    settings = settings.model_copy(update={"data_dir": settings.data_dir.absolute(), "root": settings.root.absolute()})
    dialects = DialectPatterns(settings)
    database = locate(settings)
    with open_driver(database) as driver:
        prepare(driver, database.name)
        collect_seldom()
        with OpenStore(settings.results_dir) as results, open_pool(settings) as pool:
            run = IngestRun(
                settings=settings,
                folder=make_run_folder(settings, run_id),
                dialects=dialects,
                pool=pool,
                driver=driver,
                database=database.name,
                writer=writer_for(driver, database.name, settings, run_id),
                results=results,
                plain=plain,
            )
            with entered(run):
                _ready_caches(settings, clear=clear_cache)
                yield run


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
