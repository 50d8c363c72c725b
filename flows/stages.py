"""The stages of a bulk run: hash, parse, link and write, delete. Each tells the report what it found.

They run one after the other, but for link and write: a batch is written while the next ones are linked.
"""

from __future__ import annotations

import logging
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from prefect.logging import get_run_logger

from flows.batch_plan import BatchPlan
from flows.batch_tasks import BatchTasks, Done, FileBatch, numbered
from flows.progress import listener
from lineage_core import metrics
from lineage_core.graph.writer import WriteResult
from lineage_core.ingest.link_stage import Batch
from lineage_core.ingest.linked import Linked
from lineage_core.ingest.parse_stage import FileParse, failed_parse
from lineage_core.ingest.parse_work import ParseWork
from lineage_core.model.files import FileVersion
from lineage_core.source.batches import batches
from tasks.hash import hash_batch
from tasks.link import link_batch
from tasks.parse import batch_key, parse_batch
from tasks.run import current_run
from tasks.write import delete_files, write_batch

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence
    from logging import LoggerAdapter

    from lineage_core.ingest.report import Report
    from lineage_core.link.answers import Answers
    from lineage_core.model.files import SourceFile

_HASH_FILES = 1000
"""Files of a task that hashes: 40 ms of work, twice what Prefect needs for the task."""

_HASH_SECONDS = 0.001
"""A file that takes longer is large, or on a disk or a server that is waited for: several are hashed at a time."""


@contextmanager
def timed(stage: str, report: Report, total: int = 0) -> Iterator[None]:
    """Measure a stage; with a `total` of files, tell who listens that it begins, and the run's log that it is over."""
    if total:
        listener().start(stage, total)
    started = time.perf_counter()
    try:
        yield
    finally:
        seconds = time.perf_counter() - started
        report.seconds[stage] = report.seconds.get(stage, 0.0) + seconds
    if total:
        _log().info("%s: %d files in %.1f s", stage, total, seconds)


def _log() -> logging.Logger | LoggerAdapter[Any]:
    return logging.getLogger(__name__) if current_run().plain else get_run_logger()


def hash_stage(files: Sequence[SourceFile], report: Report) -> list[FileVersion]:
    """The versions of all files, in order.

    The first batch tells whether to hash more than one at a time. Small files that are in memory are had in 40 µs each,
    most of them in calls that let other threads of Python go first: two threads need twice as long as one.
    """
    groups = numbered(batches(files, _HASH_FILES))
    with timed("hash", report, len(files)):
        began = time.perf_counter()
        versions = _hashed(groups[:1], 1, report)
        waiting = time.perf_counter() - began > _HASH_SECONDS * len(versions)
        return versions + _hashed(groups[1:], _processors() if waiting else 1, report)


def _hashed(
    groups: Sequence[tuple[FileBatch, Sequence[SourceFile]]], threads: int, report: Report
) -> list[FileVersion]:
    tasks = BatchTasks[list[FileVersion]]("hash", hash_batch, threads, report)
    with tasks:
        for batch, group in groups:
            tasks.submit(batch, files=group)
        versions = {done.batch.number: done.result for done in tasks.ended()}
    return [version for number in sorted(versions) for version in versions[number]]


def parse_stage(versions: Sequence[FileVersion], retry: Collection[str], report: Report) -> list[Batch]:
    """Files' facts into the run's folder; the batches with what came of each file.

    Args:
        versions: the files.
        retry: paths that failed before: Prefect's cache does not answer for their batches.
        report: gets the stage's failures, hits and misses.
    """
    groups = BatchPlan(current_run().folder).divide(versions)
    tasks = BatchTasks[list[FileParse]]("parse", parse_batch, _processors(), report)
    with timed("parse", report, len(versions)), tasks:
        for batch, group in groups.items():
            tasks.submit(batch, number=batch.number, versions=group, key=_key(group, retry))
        ended = _with_facts(list(tasks.ended()), groups)
    found = [
        Batch(number=done.batch.number, versions=tuple(groups[done.batch]), parses=tuple(done.result))
        for done in sorted(ended, key=lambda done: done.batch.number)
    ]
    hits = sum(parse.cached for batch in found for parse in batch.parses)
    report.cache_hits += hits
    misses = sum(len(batch.parses) for batch in found) - hits
    report.cache_misses += misses
    metrics.CACHE_HITS.inc(hits)
    metrics.CACHE_MISSES.inc(misses)
    return found


def _key(versions: Sequence[FileVersion], retry: Collection[str]) -> str:
    """Prefect's cache key of a batch; empty for none."""
    if not current_run().settings.enable_cache or any(version.path in retry for version in versions):
        return ""
    return batch_key(versions)


def _with_facts(
    ended: list[Done[list[FileParse]]], groups: dict[FileBatch, list[FileVersion]]
) -> list[Done[list[FileParse]]]:
    """A batch that Prefect answered from its cache put no facts into this run's folder: the parse cache has them."""
    run = current_run()
    pending = {
        done.batch: run.pool.submit_batch(
            ParseWork.of(run.settings, run.folder, done.batch.number),
            groups[done.batch],
            failed_parse,
        )
        for done in ended
        if done.cached
    }
    return [Done(done.batch, pending[done.batch].result()) if done.cached else done for done in ended]


def link_and_write(found: Sequence[Batch], answers: Answers | None, report: Report) -> WriteResult:
    """The rows of every batch into the graph; what was written altogether.

    Args:
        found: the batches, as parsed.
        answers: to link with in this process; without them the pool links, with the catalog in the spool.
        report: gets the stages' failures.
    """
    total = sum(len(batch.versions) for batch in found)
    written = WriteResult()
    linking = BatchTasks[Linked]("link", link_batch, _processors(), report)
    writing = BatchTasks[WriteResult]("write", write_batch, _writers(), report)
    with timed("write", report, total), writing:
        with timed("link", report, total), linking:
            for batch in found:
                linking.submit(_file_batch(batch), batch=batch, answers=answers)
            for done in linking.ended():
                writing.submit(
                    done.batch, number=done.batch.number, files=len(done.batch.paths), digest=done.result.digest
                )
                written = sum((write.result for write in writing.ended(wait=False)), written)
        return sum((write.result for write in writing.ended()), written)


def delete_stage(paths: Sequence[str], looked_at: str, report: Report) -> WriteResult:
    """Take files out of the graph that were gone from the disk at `looked_at`; one that came back meanwhile stays."""
    tasks = BatchTasks[WriteResult]("delete", delete_files, 1, report)
    with timed("delete", report, len(paths)), tasks:
        tasks.submit(FileBatch(0, tuple(paths)), paths=list(paths), observed_at=looked_at)
        return sum((done.result for done in tasks.ended()), WriteResult())


def _file_batch(batch: Batch) -> FileBatch:
    return FileBatch(batch.number, tuple(version.path for version in batch.versions))


def _processors() -> int:
    """Threads that feed the pool: one more than it has processes, so that none of them waits. One on the plain path."""
    settings = current_run().settings
    return settings.workers + 1 if settings.enable_batching else 1


def _writers() -> int:
    settings = current_run().settings
    return settings.writers if settings.enable_batching else 1
