"""Which errors may pass, and which are for good."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from neo4j.exceptions import IncompleteCommit, Neo4jError, ServiceUnavailable, SessionExpired

from lineage_core.graph.faults import LostRowsError, is_too_large, is_transient

if TYPE_CHECKING:
    from collections.abc import Callable


def server_said(code: str) -> Neo4jError:
    return Neo4jError._hydrate_neo4j(code=code, message="said by the server")


@pytest.mark.parametrize(
    ("make", "transient"),
    [
        (lambda: ServiceUnavailable("down"), True),
        (lambda: SessionExpired("gone"), True),
        (lambda: IncompleteCommit("unknown outcome"), True),
        (ConnectionResetError, True),
        (lambda: server_said("Neo.TransientError.Transaction.DeadlockDetected"), True),
        (lambda: server_said("Neo.ClientError.Statement.EntityNotFound"), True),
        (lambda: server_said("Neo.ClientError.Transaction.TransactionTimedOutClientConfiguration"), True),
        (lambda: server_said("Neo.TransientError.General.MemoryPoolOutOfMemoryError"), False),
        (lambda: server_said("Neo.ClientError.Statement.SemanticError"), False),
        (lambda: server_said("Neo.ClientError.Schema.ConstraintValidationFailed"), False),
        (lambda: server_said("Neo.DatabaseError.Statement.ExecutionFailed"), False),
        (lambda: LostRowsError("lost"), False),
        (lambda: ValueError("a lone surrogate"), False),
        (lambda: OverflowError("too large"), False),
    ],
)
def test_transient_or_for_good(make: Callable[[], BaseException], *, transient: bool) -> None:
    assert is_transient(make()) is transient


def test_a_cause_counts() -> None:
    error = RuntimeError("the batch failed")
    error.__cause__ = ServiceUnavailable("down")
    assert is_transient(error)
    assert not is_transient(None)


def test_too_large_is_split_and_not_repeated() -> None:
    assert is_too_large(server_said("Neo.TransientError.General.MemoryPoolOutOfMemoryError"))
    assert not is_too_large(server_said("Neo.TransientError.Transaction.DeadlockDetected"))
