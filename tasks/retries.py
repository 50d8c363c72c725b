"""When a task that failed is tried again: the one layer that retries, as the database driver's own is off."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lineage_core.graph.faults import cause_of, is_transient
from lineage_core.metrics import RETRIES

if TYPE_CHECKING:
    from prefect import Task
    from prefect.client.schemas.objects import State, TaskRun

RETRY_DELAYS: list[float] = [1, 2, 4, 8, 16]
"""Seconds before each further try."""


def failed_for_now(state: State[Any]) -> bool:
    """Whether a failed try is worth another one."""
    error = state.result(raise_on_failure=False)
    return is_transient(error if isinstance(error, BaseException) else None)


def tried_again(state: State[Any]) -> bool:
    """The same, of a try that is followed by another one then; counts it."""
    error = state.result(raise_on_failure=False)
    again = failed_for_now(state)
    if again:
        RETRIES.labels(cause_of(error)).inc()
    return again


def may_pass(_task: Task[..., Any], _run: TaskRun, state: State[Any]) -> bool:
    """The same as Prefect asks it, once for each try that failed and was not the last."""
    return tried_again(state)
