"""What the tasks of one ingest run share and never hand to each other through Prefect.

The flow makes it; the thread pools of Prefect carry the context variable to the tasks.
"""

from __future__ import annotations

import threading
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from neo4j import Driver

    from lineage_core.cache.open_store import OpenStore
    from lineage_core.graph.writer import Writer
    from lineage_core.ingest.executor import Pool
    from lineage_core.settings import Settings
    from lineage_core.source.dialects import DialectPatterns


@dataclass(frozen=True, slots=True)
class IngestRun:
    """One run. `folder` holds what its stages hand on: facts, catalog, rows. `database` is the name of Neo4j's."""

    settings: Settings
    folder: Path
    dialects: DialectPatterns
    pool: Pool
    driver: Driver
    database: str
    writer: Writer
    results: OpenStore
    """Of the tasks, for Prefect to find them again."""
    plain: bool = False
    """The tasks are called as the plain functions they are, without a Prefect server, its retries and its cache."""
    database_lost: threading.Event = field(default_factory=threading.Event)
    """Set when a write was tried for half a minute in vain: the other batches are tried once only."""


_CURRENT: ContextVar[IngestRun] = ContextVar("ingest_run")


def current_run() -> IngestRun:
    """The run that the calling task belongs to.

    Raises:
        LookupError: there is none: the task was called from outside of a flow of this project.
    """
    return _CURRENT.get()


@contextmanager
def entered(run: IngestRun) -> Iterator[IngestRun]:
    """Make `run` the current one for the tasks submitted inside of the block."""
    token = _CURRENT.set(run)
    try:
        yield run
    finally:
        _CURRENT.reset(token)
