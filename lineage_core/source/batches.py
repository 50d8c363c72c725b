"""Files in batches: what one task hashes, parses and writes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

MAX_FILES = 50
"""A task costs up to 30 ms of its own, so it has to be worth it; a smaller one repeats less after a failure."""

MAX_BYTES = 500 * 2**20


class HasSize(Protocol):
    """A SourceFile or a FileVersion."""

    @property
    def size(self) -> int:
        """Bytes."""
        ...


F = TypeVar("F", bound=HasSize)


def batches(files: Iterable[F], max_files: int = MAX_FILES, max_bytes: int = MAX_BYTES) -> Iterator[list[F]]:
    """Consecutive files, at most `max_files` and `max_bytes` together; the same every time for the same files.

    A file that is larger than `max_bytes` stands alone.
    """
    batch: list[F] = []
    total = 0
    for file in files:
        if batch and (len(batch) == max_files or total + file.size > max_bytes):
            yield batch
            batch, total = [], 0
        batch.append(file)
        total += file.size
    if batch:
        yield batch
