"""What a run's work is handed to: the interface of the pools, and of work that another machine can do."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import deque
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from concurrent.futures import Future
    from types import TracebackType

_BATCHES_AHEAD = 2

T = TypeVar("T")
R = TypeVar("R")

if TYPE_CHECKING:
    Work = Callable[[Sequence[T]], list[R]]
    """Items to results, one each, in order."""
    Lost = Callable[[T, str], R]
    """An item whose process died twice, and why, to its result."""


class PendingBatch(Generic[R]):
    """A batch that was handed to a pool."""

    def __init__(self, pieces: list[Future[list[R]]]) -> None:
        self._pieces = pieces

    def result(self) -> list[R]:
        """Wait for the results, in the order of the batch's items.

        Raises:
            Exception: what the function raised for one of its pieces.
            CancelledError: the pool was closed before.
        """
        return [result for piece in self._pieces for result in piece.result()]


class Portable(ABC, Generic[T, R]):
    """Work on items that can also be done on a machine without this one's files: packed, done there, accepted here.

    Called as any work it does everything here.
    """

    @abstractmethod
    def __call__(self, items: Sequence[T]) -> list[R]:
        """The results, made on this machine."""

    @abstractmethod
    def may_travel(self, items: Sequence[T]) -> list[bool]:
        """For each item whether another machine should do it; the others are done here."""

    @abstractmethod
    def pack(self, items: Sequence[T]) -> Callable[[], Any]:
        """The call for the other machine, with everything that it needs; it can be pickled."""

    @abstractmethod
    def accept(self, items: Sequence[T], answer: Any) -> list[R]:
        """What the call gave, put where work on this machine would have put it; the results."""


class Pool(ABC):
    """Runs work over batches. Usable from several threads; close it by `with`."""

    @abstractmethod
    def submit_batch(self, function: Work[T, R], items: Sequence[T], lost: Lost[T, R]) -> PendingBatch[R]:
        """Hand a batch to the pool.

        Args:
            function: items to results, one each; importable by name. What it raises stops its batch: a failed item is a
                result.
            items: the batch; it is cut into pieces that all workers share.
            lost: an item's result when the process died with it twice, the second time alone; gets the item and why.
        """

    @abstractmethod
    def close(self) -> None:
        """End what runs; batches that were not waited for are given up."""

    def __enter__(self) -> Self:
        """Itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it."""
        self.close()

    def run_batch(self, function: Work[T, R], items: Sequence[T], lost: Lost[T, R]) -> list[R]:
        """Hand a batch to the pool and wait for its results, in the order of its items."""
        return self.submit_batch(function, items, lost).result()

    def map_batches(self, function: Work[T, R], batches: Iterable[Sequence[T]], lost: Lost[T, R]) -> Iterator[list[R]]:
        """The results of each batch, in order; the next batches are begun before they are asked for."""
        ahead: deque[PendingBatch[R]] = deque()
        for batch in batches:
            ahead.append(self.submit_batch(function, batch, lost))
            if len(ahead) > _BATCHES_AHEAD:
                yield ahead.popleft().result()
        while ahead:
            yield ahead.popleft().result()


def pieces(items: Sequence[T], count: int) -> list[Sequence[T]]:
    """Consecutive pieces of nearly equal length, at most `count`, none of them empty."""
    bounds = [len(items) * number // count for number in range(count + 1)]
    return [items[start:end] for start, end in pairwise(bounds) if end > start]
