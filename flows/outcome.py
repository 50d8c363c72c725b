"""How a flow run of ours ends: with its report in a completed state, or in the error of a failed one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar, cast

from prefect.states import Completed, Failed

from lineage_core.errors import LineageError

if TYPE_CHECKING:
    from prefect.client.schemas.objects import State

T = TypeVar("T")


class RunFailedError(LineageError):
    """Something that a run had to do is not done; the message names it, `report` tells everything.

    Prefect wants the data of a failed state to be an exception.
    """

    def __init__(self, message: str, report: Any) -> None:
        super().__init__(message)
        self.report = report


def ended(report: T, message: str, *, failed: bool) -> State[T]:
    """The final state of a run."""
    if failed:
        return cast("State[T]", Failed(message=message, data=RunFailedError(message, report)))
    return Completed(message=message, data=report)


def report_of(state: State[Any]) -> Any:
    """What a run that ended by `ended` has reported, failed or not.

    Raises:
        BaseException: what the run raised instead.
    """
    outcome: Any = state.result(raise_on_failure=False)
    if isinstance(outcome, RunFailedError):
        return outcome.report
    if isinstance(outcome, BaseException):
        raise outcome
    return outcome
