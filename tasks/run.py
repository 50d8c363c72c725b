"""What the tasks of one ingest run share, and never pass to each other through Prefect: settings, pool, spool, writer.

The flow makes it, and Prefect's thread pools carry the context variable to the tasks.
"""

from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any


@dataclass
class IngestRun:
    settings: Any


_RUN: ContextVar[IngestRun] = ContextVar("ingest_run")


def current_run() -> IngestRun:
    return _RUN.get()


@contextmanager
def running(run):
    token = _RUN.set(run)
    try:
        yield run
    finally:
        _RUN.reset(token)
