"""INSERTs of constants are known without a tree; everything else is left to the parser."""

from __future__ import annotations

import pytest

from lineage_core.sql.constants import constant_insert
from lineage_core.sql.dialects import dialect
from lineage_core.sql.lexer import tokenize


@pytest.mark.parametrize(
    ("sql", "table"),
    [
        ("INSERT INTO dbo.T (a, b) VALUES (1, 'x'), (-2.5, NULL);", "dbo.t"),
        ("insert [dbo].[T] values (N'it''s', DEFAULT)", "dbo.t"),
        ("INSERT INTO #t VALUES (0x1F)", "#t"),
    ],
)
def test_constants_are_written_and_no_more(sql: str, table: str) -> None:
    found = constant_insert(tokenize(sql, dialect("tsql")), dialect("tsql"))
    assert found is not None
    assert (found.kind, found.writes, found.reads, found.queries) == ("insert", (table,), (), ())


@pytest.mark.parametrize(
    "sql",
    [
        "INSERT INTO t VALUES (a)",
        "INSERT INTO t VALUES (@a)",
        "INSERT INTO t VALUES ((SELECT 1))",
        "INSERT INTO t VALUES (getdate())",
        "INSERT INTO t SELECT 1",
        "INSERT INTO t (a) OUTPUT inserted.a INTO u VALUES (1)",
        "INSERT INTO t DEFAULT VALUES",
        "INSERT INTO t (a",
        "INSERT INTO t VALUES (1",
        "INSERT INTO t VALUES (1, ((2)",
        "INSERT INTO t VALUES 1, 2",
        "INSERT INTO t VALUES",
        "INSERT INTO",
        "INSERT",
        "",
        "SELECT 1",
    ],
)
def test_everything_else_is_left_to_the_parser(sql: str) -> None:
    assert constant_insert(tokenize(sql, dialect("tsql")), dialect("tsql")) is None
