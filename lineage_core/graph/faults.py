"""What went wrong at the database: worth a retry, too large, or wrong for good."""

from __future__ import annotations

from neo4j.exceptions import (
    ClientError,
    DriverError,
    IncompleteCommit,
    Neo4jError,
    ServiceUnavailable,
    SessionExpired,
    TransientError,
)

_OUT_OF_MEMORY = "MemoryPoolOutOfMemory"
_VANISHED = "Neo.ClientError.Statement.EntityNotFound"
"""A node that another transaction deleted between our MERGE and our CREATE: the next try makes it anew."""

_NEEDED_AGAIN = "still has relationships"
"""An orphan that another transaction connected between our check and our DELETE: the next try leaves it. (The error's
code and GQL status are those of any constraint, so the message has to tell.)
"""

_TIMED_OUT = "Neo.ClientError.Transaction.TransactionTimedOut"
"""Open for longer than it may be: it waited for the lock of one whose connection has died, most likely."""


class LostRowsError(Exception):
    """Relationships whose ends were not found: Cypher writes nothing for them and says nothing."""

    what = "relationships have an end that does not exist"


class ContestedRowsError(Exception):
    """Rows that are refused together, yet none of them alone: another writer was in the way."""


class SupersededError(Exception):
    """Another run has written a later look at the file while this one was writing it in several transactions."""

    what = "files were taken over by another run"


PERMANENT = (Neo4jError, DriverError, LostRowsError, ValueError, TypeError, OverflowError)
"""What a bad row can raise: the server's refusals, and the driver's own before anything is sent."""


def is_transient(error: BaseException | None) -> bool:
    """Whether the same write may succeed later; a cause counts as well."""
    return bool(cause_of(error))


def cause_of(error: BaseException | None) -> str:
    """Why the same write may succeed later, in one of a few words; empty if it will not.

    A connection lost around COMMIT (IncompleteCommit) is not retried by the driver, as the outcome is unknown; our
    writes are differences against what is there, so trying again is safe.
    """
    while error is not None:
        if isinstance(error, ServiceUnavailable | SessionExpired | IncompleteCommit | ConnectionError):
            return "database_away"
        if isinstance(error, ContestedRowsError):
            return "contested"
        if isinstance(error, Neo4jError) and (error.code or "").startswith(_TIMED_OUT):
            return "timeout"
        if isinstance(error, Neo4jError) and (error.code == _VANISHED or _NEEDED_AGAIN in (error.message or "")):
            return "contested"
        if isinstance(error, TransientError | DriverError | Neo4jError) and not is_too_large(error):
            return _retryable(error)
        error = error.__cause__
    return ""


def _retryable(error: DriverError | Neo4jError) -> str:
    if not error.is_retryable():
        return ""
    return "deadlock" if isinstance(error, Neo4jError) and "DeadlockDetected" in (error.code or "") else "other"


def is_too_large(error: BaseException) -> bool:
    """Whether the transaction needs more memory than it may take: to be split, not repeated."""
    return isinstance(error, TransientError | ClientError) and _OUT_OF_MEMORY in (error.code or "")
