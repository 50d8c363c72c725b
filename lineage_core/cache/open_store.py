"""A diskcache database that stays open while several threads use it, now and then."""

from __future__ import annotations

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Self, TypeVar

from lineage_core.cache.entry import DamagedEntryError
from lineage_core.cache.store import open_store, reopen_store

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from types import TracebackType

    import diskcache

T = TypeVar("T")


class OpenStore:
    """Opened when it is first used: that takes 2 to 5 ms, some forty statements, and each use of it 0.2.

    A thread of its own does what the others ask for: diskcache has a connection for each thread, which nobody else
    could close before a damaged database is moved aside.

    Args:
        folder: the database's.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._store: diskcache.Cache | None = None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="store")

    def __enter__(self) -> Self:
        """Nothing yet."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it."""
        if self._store is not None:
            self._thread.submit(self._store.close).result()
        self._thread.shutdown()

    def use(self, function: Callable[[diskcache.Cache], T]) -> T:
        """What a function makes of the database; a damaged one is moved aside, and the function called again.

        Raises:
            CacheError: the folder cannot be used.
        """
        return self._thread.submit(self._use, function).result()

    def _use(self, function: Callable[[diskcache.Cache], T]) -> T:
        if self._store is None:
            self._store = open_store(self._folder)
        try:
            return function(self._store)
        except (sqlite3.Error, DamagedEntryError) as error:
            self._store.close()
            self._store = reopen_store(self._folder, error)
            return function(self._store)
