"""Bulk and incremental runs of the pipeline as plain functions, and the graphs they make."""

from __future__ import annotations

import importlib
import uuid
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, ClassVar

import pytest

from flows.ingest_tree import ingest_tree
from flows.run_folder import discard_run_folder, make_run_folder
from lineage_core.cache.open_store import OpenStore
from lineage_core.graph.snapshot import Snapshot, snapshot
from lineage_core.ingest import link_stage
from lineage_core.ingest.pool import ParserPool
from lineage_core.ingest.report import Report
from lineage_core.ingest.write_stage import writer_for
from lineage_core.source.dialects import DialectPatterns
from lineage_core.source.discover import Discovery, discover
from lineage_core.source.look_up import look_up
from tasks.run import IngestRun, entered

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    from neo4j import Driver

    from lineage_core.settings import Settings

SHOWN = 12
"""Differences that are printed."""

STAGES = (
    "flows.ingest_tree.file_states",
    "flows.ingest_tree.hash_stage",
    "flows.bring_up_to_date.parse_stage",
    "flows.bring_up_to_date.file_ties",
    "flows.bring_up_to_date.link_and_write",
    "lineage_core.ingest.write_stage.read_rows",
    "flows.bring_up_to_date.delete_stage",
    "flows.overlap.file_writes",
    "flows.overlap.file_states",
)
"""What a run calls one after the other, though not each run all of it."""


@contextmanager
def before(stage: str, work: Callable[[], object]) -> Iterator[None]:
    """Do something else before a run in the block comes to a stage; after the run, if it never does."""
    module, _, name = stage.rpartition(".")
    function = getattr(importlib.import_module(module), name)
    waiting = [work]

    def after_work(*args: Any) -> Any:
        if waiting:
            waiting.pop()()
        return function(*args)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stage, after_work)
        yield
    if waiting:
        work()


class PlainRuns:
    """Runs in this process: with the parse cache, the spool and the real writer, without Prefect and worker processes.

    Args:
        driver: on the database that `settings` name.
        settings: of all runs; the project and the root are given anew for each tree.
    """

    incremental_takes_turns: ClassVar = False
    """Whether an incremental run waits for another one's end, so that two in one thread would wait for ever."""

    def __init__(self, driver: Driver, settings: Settings) -> None:
        self._driver = driver
        self._settings = settings
        self._pool = ParserPool(settings, sequential=True)

    def close(self) -> None:
        """End the pool's threads."""
        self._pool.close()

    def incremental(self, project: str, root: Path, paths: Sequence[str], **options: bool) -> Report:
        """A run over paths that changed. It links at once, as in a large project; a bulk run here the pool's way."""
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(link_stage, "_OBJECTS_PER_FILE", 0)
            return self._run(project, root, lambda settings: look_up(paths, settings), **options)

    def bulk(self, project: str, root: Path, **options: bool) -> Report:
        """A run over everything below the root."""
        return self._run(project, root, lambda settings: discover([str(root)], settings), **options)

    def _run(self, project: str, root: Path, look: Callable[[Settings], Discovery], **options: bool) -> Report:
        # One writer: two of one run may come into a deadlock now and then, and only Prefect's tasks are tried again.
        settings = self._settings.model_copy(update={"project": project, "root": root, "writers": 1})
        report = Report(run_id=uuid.uuid4().hex, project=project)
        run = IngestRun(
            settings=settings,
            folder=make_run_folder(settings, report.run_id),
            dialects=DialectPatterns(settings),
            pool=self._pool,
            driver=self._driver,
            database=settings.neo4j_database,
            writer=writer_for(self._driver, settings.neo4j_database, settings, report.run_id),
            results=OpenStore(settings.results_dir),
            plain=True,
        )
        with entered(run):
            ingest_tree(look(settings), report, **options)
        discard_run_folder(run.folder)
        return report

    def graph(self, project: str) -> Snapshot:
        """What a project has in the graph."""
        return snapshot(self._driver, self._settings.neo4j_database, project)

    def bulk_graph(self, root: Path) -> Snapshot:
        """What a bulk run puts into an empty project."""
        with self.empty_project() as project:
            self.bulk(project, root)
            return self.graph(project)

    @contextmanager
    def empty_project(self) -> Iterator[str]:
        """The name of a project that is gone afterwards."""
        project = f"tree-{uuid.uuid4().hex[:12]}"
        yield project
        with self._driver.session(database=self._settings.neo4j_database) as session:
            session.run("MATCH (n) WHERE n.project_id = $project DETACH DELETE n", project=project).consume()


def differences(found: Snapshot, wanted: Snapshot) -> str:
    """The first differences of two graphs, to be read; empty if they are equal."""
    lines = [
        *_one_sided("only after the incremental runs", found.nodes - wanted.nodes, found.rels - wanted.rels),
        *_one_sided("only after the bulk run", wanted.nodes - found.nodes, wanted.rels - found.rels),
    ]
    return "\n".join(lines)


def _one_sided(title: str, nodes: Iterable[tuple[object, ...]], rels: Iterable[tuple[object, ...]]) -> Iterator[str]:
    found = [*sorted(map(_line, nodes)), *sorted(map(_line, rels))]
    if found:
        yield f"{title} ({len(found)}):"
        yield from (f"  {line}" for line in found[:SHOWN])


def _line(item: tuple[object, ...]) -> str:
    *head, props = item
    shown = {name: value for name, value in dict(props).items() if name not in {"id", "definitions"}}  # type: ignore[call-overload]
    return f"{' '.join(map(str, head))} {shown}"
