"""How a run says how far it is: the flow tells stages and counts, whoever listens shows them."""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator


class Progress(Protocol):
    """Somebody who wants to know. Calls come from the flow's own thread only."""

    def start(self, stage: str, total: int) -> None:
        """A stage begins, with `total` things to do."""

    def advance(self, stage: str, count: int) -> None:
        """`count` more things of the stage are done."""


class Silent:
    """Nobody wants to know: a run of a worker, where the log tells."""

    def start(self, stage: str, total: int) -> None:
        """Nothing."""

    def advance(self, stage: str, count: int) -> None:
        """Nothing."""


_NOBODY = Silent()
_LISTENER: ContextVar[Progress] = ContextVar("progress_listener")


def listener() -> Progress:
    """Whom the flow tells."""
    return _LISTENER.get(_NOBODY)


@contextmanager
def told(progress: Progress) -> Iterator[None]:
    """Tell `progress` about the runs inside of the block."""
    token = _LISTENER.set(progress)
    try:
        yield
    finally:
        _LISTENER.reset(token)
