"""The parse cache: facts by content, shared by all processes, never a reason for a run to fail once it is open."""

from __future__ import annotations

import logging
import sqlite3
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Protocol, Self, TypeVar

import diskcache

from lineage_core.cache.bytes_disk import BytesDisk
from lineage_core.cache.entry import DamagedEntryError, Entry, facts_key, pack, unpack
from lineage_core.cache.quarantine import set_bytes_aside
from lineage_core.cache.store import (
    is_sound,
    least_recently_used,
    oldest_store_time,
    open_store,
    reopen_store,
    rows,
    unusable,
)
from lineage_core.errors import CacheError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from lineage_core.cache.store import StoredRow

__all__ = ["CacheCheck", "CacheSettings", "CacheStats", "Entry", "ParseCache", "facts_key"]

HEALTH_SAMPLE = 10
"""Entries that a run looks at before it trusts the cache."""

_TRIM_EVERY = 64
_MOST_REPAIRS = 3
_DAY = 86_400
_LOG = logging.getLogger(__name__)
T = TypeVar("T")


class CacheSettings(Protocol):
    """The settings that the cache asks for."""

    @property
    def parse_cache_dir(self) -> Path:
        """Its folder."""
        ...

    @property
    def cache_entries(self) -> int:
        """Entries kept; the least recently used go first."""
        ...

    @property
    def cache_days(self) -> float:
        """Days that an entry is kept."""
        ...


@dataclass(frozen=True, slots=True)
class CacheStats:
    """How the cache stands. Hits and misses are counted since it was made or cleared; bytes are those on disk."""

    entries: int
    bytes: int
    hits: int
    misses: int
    oldest: datetime | None


@dataclass(frozen=True, slots=True)
class CacheCheck:
    """Entries looked at, and those that were damaged and have been moved aside."""

    checked: int
    damaged: int
    database_damaged: bool = False
    """The whole database had to be moved aside."""


class ParseCache:
    """Facts by key, on disk. Cheap to open (2 ms), in as many processes as there are.

    Damage costs the damaged part, never the run: an entry, or the whole database, is moved to `quarantine` beside the
    cache, said in the log, and its files are parsed again.

    Raises:
        CacheError: the folder cannot be made or written. Running on without a cache is for the user to decide.
    """

    def __init__(self, settings: CacheSettings) -> None:
        self._folder = settings.parse_cache_dir
        self._limit = settings.cache_entries
        self._seconds = settings.cache_days * _DAY
        self._writes = 0
        self._repairs = 0
        self._disk = BytesDisk(str(self._folder))
        self._cache: diskcache.Cache | None = open_store(self._folder)

    def __enter__(self) -> Self:
        """Itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close it."""
        self.close()

    def close(self) -> None:
        """Drop what is over the limit or too old, and close the database."""
        if self._cache is not None:
            self._trim()
        if self._cache is not None:
            self._cache.close()

    def get(self, key: str) -> Entry | None:
        """The entry of a key; None if there is none, it is too old, or it was damaged."""
        try:
            raw = self._on_database(lambda cache: cache.get(key), None)
            return None if raw is None else unpack(raw, key)
        except DamagedEntryError as error:
            self._discard(key, error)
            return None

    def holds(self, key: str) -> bool:
        """Whether there is an entry of a key, not looked at; if there is none, that counts as a miss."""
        return self._on_database(lambda cache: key in cache or cache.get(key) is not None, otherwise=False)

    def put(self, entry: Entry) -> None:
        """Keep an entry."""
        self.put_packed(entry.key, pack(entry))

    def put_packed(self, key: str, raw: bytes) -> None:
        """Keep an entry that is packed already."""
        self._on_database(lambda cache: cache.set(key, raw, expire=self._seconds), None)
        self._writes += 1
        if self._writes % _TRIM_EVERY == 0:
            self._trim()

    def stats(self) -> CacheStats:
        """How the cache stands."""
        empty = CacheStats(entries=0, bytes=0, hits=0, misses=0, oldest=None)
        return self._on_database(self._read_stats, empty)

    def health_check(self) -> CacheCheck:
        """Look at 10 random entries, and at all of them if one of those is damaged."""
        sample = self._check("random()", HEALTH_SAMPLE)
        if not sample.damaged:
            return sample
        rest = self.check()
        return replace(rest, checked=rest.checked + sample.damaged, damaged=rest.damaged + sample.damaged)

    def check(self) -> CacheCheck:
        """Look at the database and at every entry."""
        if not self._on_database(lambda _: is_sound(self._folder), otherwise=False):
            self._repair(sqlite3.DatabaseError("its pages do not fit together"))
            return CacheCheck(checked=0, damaged=0, database_damaged=True)
        return self._check("rowid", -1)

    def clear(self) -> int:
        """Delete every entry and the counts; the number of entries there were."""

        def empty(cache: diskcache.Cache) -> int:
            cache.stats(enable=True, reset=True)
            return int(cache.clear())

        return self._on_database(empty, 0)

    def _read_stats(self, cache: diskcache.Cache) -> CacheStats:
        hits, misses = cache.stats(enable=True)
        oldest = oldest_store_time(self._folder)
        return CacheStats(
            entries=len(cache),
            bytes=int(cache.volume()),
            hits=hits,
            misses=misses,
            oldest=None if oldest is None else datetime.fromtimestamp(oldest, UTC),
        )

    def _check(self, order: str, limit: int) -> CacheCheck:
        entries = self._on_database(lambda _: list(rows(self._folder, order, limit)), None)
        if entries is None:
            return CacheCheck(checked=0, damaged=0, database_damaged=True)
        damaged = [(row.key, error) for row in entries if (error := self._damage(row)) is not None]
        for key, error in damaged:
            self._discard(key, error)
        return CacheCheck(checked=len(entries), damaged=len(damaged))

    def _damage(self, row: StoredRow) -> DamagedEntryError | None:
        """What is wrong with a row, if anything is."""
        try:
            unpack(self._disk.fetch(row.mode, row.filename, row.value, read=False), row.key)
        except DamagedEntryError as error:
            return error
        except OSError as error:
            return DamagedEntryError(f"its file cannot be read: {error.strerror}")
        return None

    def _trim(self) -> None:
        """Delete the entries that are too old, then the least recently used above the limit."""

        def trim(cache: diskcache.Cache) -> None:
            cache.expire()
            surplus = len(cache) - self._limit
            if surplus <= 0:
                return
            oldest = least_recently_used(self._folder, surplus)
            with cache.transact():
                for key in oldest:
                    cache.delete(key)

        self._on_database(trim, None)

    def _discard(self, key: str, error: DamagedEntryError) -> None:
        """Move a damaged entry aside; its content is parsed again."""
        kept = set_bytes_aside(key, error.raw, self._folder) if error.raw else None
        _LOG.warning("Parse cache entry %s was damaged (%s)%s.", key, error, f": moved to {kept}" if kept else "")
        self._on_database(lambda cache: cache.delete(key), None)

    def _on_database(self, operation: Callable[[diskcache.Cache], T], otherwise: T) -> T:
        """The operation's result; `otherwise` if the database is busy, or had to be repaired, or is given up."""
        if self._cache is None:
            return otherwise
        try:
            return operation(self._cache)
        except diskcache.Timeout:
            _LOG.warning("The parse cache was busy for too long; one entry is parsed again.")
        except (sqlite3.Error, OSError, ValueError) as error:
            self._repair(error)
        return otherwise

    def _repair(self, error: Exception) -> None:
        """Go on with a database that works, or without one."""
        if self._cache is not None:
            with suppress(sqlite3.Error):
                self._cache.close()
        self._cache = None
        self._repairs += 1
        try:
            if self._repairs > _MOST_REPAIRS:
                raise unusable(self._folder, error)
            self._cache = reopen_store(self._folder, error)
        except CacheError as failure:
            _LOG.warning("Going on without the parse cache. %s", failure)
