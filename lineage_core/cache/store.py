"""The diskcache database under the parse cache: opened, judged, moved aside when damaged, and read beside it."""

from __future__ import annotations

import logging
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, NamedTuple

import diskcache
from filelock import FileLock

from lineage_core.cache.bytes_disk import BytesDisk
from lineage_core.cache.quarantine import set_aside
from lineage_core.errors import CacheError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_LOG = logging.getLogger(__name__)
_LOCK_TIMEOUT = 60.0
_BUSY_TIMEOUT = 10.0

_NOT_DAMAGE = frozenset(
    {
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_NOMEM,
        sqlite3.SQLITE_PERM,
        sqlite3.SQLITE_READONLY,
    }
)
"""What SQLite says when the folder or the machine is at fault; everything else is the database's own."""

_FOREIGN_ROWS = "SELECT count(*) FROM Cache WHERE typeof(key) != 'text' OR raw != 1"


class StoredRow(NamedTuple):
    """A row of diskcache's table, as far as its value is concerned."""

    key: str
    mode: int
    filename: str | None
    value: object


def open_store(folder: Path) -> diskcache.Cache:
    """The database in `folder`, made if it is not there; a damaged one is moved aside first.

    Raises:
        CacheError: the folder cannot be made or written.
    """
    try:
        return _open(folder)
    except (sqlite3.Error, TypeError, ValueError) as error:
        if not _is_damage(error, folder):
            raise unusable(folder, error) from error
        return reopen_store(folder, error)
    except OSError as error:
        if folder.is_file():
            return reopen_store(folder, error)
        raise unusable(folder, error) from error


def reopen_store(folder: Path, reason: Exception) -> diskcache.Cache:
    """After an error: the same database if it proves sound, else a new one in place of the damaged.

    Processes that notice the damage together take turns, and the later ones find the new database.

    Raises:
        CacheError: it can be neither read nor moved aside.
    """
    try:
        with FileLock(folder.with_name(f"{folder.name}.lock"), timeout=_LOCK_TIMEOUT):
            if not is_sound(folder):
                kept = set_aside(folder, folder)
                _LOG.warning("The parse cache was damaged (%s): moved to %s, a new one begun.", reason, kept)
            return _open(folder)
    except (sqlite3.Error, OSError, TypeError, ValueError) as error:
        raise unusable(folder, error) from error


def is_sound(folder: Path) -> bool:
    """Whether the database can be read from end to end and holds nothing that this cache does not write.

    Raises:
        OSError, sqlite3.OperationalError: it cannot be opened, through no fault of its own.
    """
    if folder.is_file():
        return False
    try:
        with closing(_open(folder)), closing(_read_only(folder)) as connection:
            verdict = connection.execute("PRAGMA quick_check(1)").fetchone()
            foreign = connection.execute(_FOREIGN_ROWS).fetchone()
    except (sqlite3.Error, TypeError, ValueError) as error:
        if _is_damage(error, folder):
            return False
        raise
    return bool(verdict == ("ok",) and foreign == (0,))


def least_recently_used(folder: Path, count: int) -> list[str]:
    """The keys that were not asked for longest."""
    with closing(_read_only(folder)) as connection:
        found = connection.execute("SELECT key FROM Cache ORDER BY access_time LIMIT ?", (count,))
        return [_own_key(key) for (key,) in found]


def rows(folder: Path, order: str, limit: int = -1) -> Iterator[StoredRow]:
    """Rows of the database, read without touching the times and counts that diskcache keeps.

    Args:
        folder: the cache's.
        order: an expression to sort by.
        limit: how many; -1 for all.
    """
    query = f"SELECT key, mode, filename, value FROM Cache ORDER BY {order} LIMIT ?"  # noqa: S608 - our own constants
    with closing(_read_only(folder)) as connection:
        for row in connection.execute(query, (limit,)):
            yield StoredRow(_own_key(row[0]), *row[1:])


def oldest_store_time(folder: Path) -> float | None:
    """When the oldest entry was stored, in seconds since 1970."""
    with closing(_read_only(folder)) as connection:
        (oldest,) = connection.execute("SELECT min(store_time) FROM Cache").fetchone()
    return None if oldest is None else float(oldest)


def _open(folder: Path) -> diskcache.Cache:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)
    return diskcache.Cache(
        str(folder),
        timeout=_BUSY_TIMEOUT,
        disk=BytesDisk,
        statistics=1,
        eviction_policy="least-recently-used",
        cull_limit=0,  # diskcache would cull by bytes; entries are what is limited here
    )


def _own_key(key: object) -> str:
    if type(key) is not str:
        raise sqlite3.DatabaseError("it has rows that this cache does not write")
    return key


def _read_only(folder: Path) -> sqlite3.Connection:
    address = (folder / diskcache.core.DBNAME).absolute().as_uri()
    return sqlite3.connect(f"{address}?mode=ro", uri=True, timeout=_BUSY_TIMEOUT)


def _is_damage(error: Exception, folder: Path) -> bool:
    database = folder / diskcache.core.DBNAME
    if database.exists() and not database.is_file():
        return True
    code = getattr(error, "sqlite_errorcode", None)
    return code is None or code & 0xFF not in _NOT_DAMAGE


def unusable(folder: Path, error: Exception) -> CacheError:
    """The error that tells a person what to do about a folder that cannot hold the cache."""
    return CacheError(
        f"The parse cache cannot be used in {folder}: {error}",
        hint="Set LINEAGE_DATA_DIR to a folder that can be written, or run with --disable-cache.",
    )
