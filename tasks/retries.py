"""When a task that failed is tried again: the one layer that retries, as the database driver's own is off."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lineage_core.graph.faults import is_transient

if TYPE_CHECKING:
    from prefect import Task
    from prefect.client.schemas.objects import State, TaskRun

RETRY_DELAYS: list[float] = [1, 2, 4, 8, 16]
"""Seconds before each further try."""


def failed_for_now(state: State[Any]) -> bool:
    """Whether a failed try is worth another one."""
    error = state.result(raise_on_failure=False)
    return is_transient(error if isinstance(error, BaseException) else None)


def may_pass(_task: Task[..., Any], _run: TaskRun, state: State[Any]) -> bool:
    """The same as Prefect asks it."""
    return failed_for_now(state)
