"""Rewrites: spellings that sqlglot does not read, as what they stand for; everything else as it was."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineage_core.sql.dialects import DIALECTS, dialect
from lineage_core.sql.output_clause import OutputClause, take_output
from lineage_core.sql.rewrite import drop_into, rewrite


def rewritten(text: str, name: str = "tsql") -> str:
    return " ".join(rewrite(text, dialect(name)).split())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("UPDATE t SET a += 1", "UPDATE t SET a = a + 1"),
        ("UPDATE t SET t.a -= b, [c d] *= 2", "UPDATE t SET t.a = t.a - b, [c d] = [c d] * 2"),
        ("UPDATE t SET a = '+='", "UPDATE t SET a = '+='"),
        ("DELETE TOP (5) FROM t", "DELETE FROM t"),
        ("DELETE TOP (@n) PERCENT t", "DELETE t"),
        ("UPDATE TOP (1 + (2)) t SET a = 1", "UPDATE t SET a = 1"),
        ("INSERT TOP (3) INTO t SELECT TOP 5 a FROM s", "INSERT INTO t SELECT TOP 5 a FROM s"),
        ("SELECT TOP 5 a FROM t", "SELECT TOP 5 a FROM t"),
        ("DELETE FROM t FROM t JOIN u ON 1 = 1", "DELETE t FROM t JOIN u ON 1 = 1"),
        ("DELETE FROM t WHERE a IN (SELECT b FROM u)", "DELETE FROM t WHERE a IN (SELECT b FROM u)"),
        ("DELETE TOP (1) FROM t FROM t JOIN u ON 1 = 1", "DELETE t FROM t JOIN u ON 1 = 1"),
        ("CREATE VIEW v AS SELECT 1 AS a WITH CHECK OPTION", "CREATE VIEW v AS SELECT 1 AS a"),
        ("INSERT INTO t WITH (TABLOCK) (a) SELECT 1 OPTION (MAXDOP 1)", "INSERT INTO t (a) SELECT 1"),
        ("SELECT a FROM t WITH (INDEX(ix), NOLOCK) x", "SELECT a FROM t x"),
        ("SELECT a FROM OPENJSON(@j) WITH (a int, nolock int)", "SELECT a FROM OPENJSON(@j) WITH (a int, nolock int)"),
        (
            "WITH XMLNAMESPACES ('u' AS n), c AS (SELECT 1 AS a) SELECT a FROM c",
            "WITH c AS (SELECT 1 AS a) SELECT a FROM c",
        ),
        ("WITH XMLNAMESPACES (DEFAULT 'u') SELECT a FROM t", "SELECT a FROM t"),
        ("SELECT PARSE(a AS date USING 'en-US') FROM t", "SELECT PARSE(a AS date ) FROM t"),
        (
            "MERGE t USING s ON 1 = 1 WHEN MATCHED THEN DELETE OPTION (LOOP JOIN);",
            "MERGE t USING s ON 1 = 1 WHEN MATCHED THEN DELETE ;",
        ),
        ("SELECT 'WITH (NOLOCK) TOP OPTION (' FROM t", "SELECT 'WITH (NOLOCK) TOP OPTION (' FROM t"),
    ],
)
def test_tsql(text: str, expected: str) -> None:
    assert rewritten(text) == expected


@pytest.mark.parametrize(
    ("text", "name", "expected"),
    [
        ("INSERT INTO t OVERRIDING SYSTEM VALUE SELECT 1", "postgres", "INSERT INTO t SELECT 1"),
        ("CREATE TEMP TABLE t ON COMMIT DROP AS SELECT 1", "postgres", "CREATE TEMP TABLE t AS SELECT 1"),
        ("CREATE TEMP TABLE t ON COMMIT PRESERVE ROWS AS SELECT 1", "postgres", "CREATE TEMP TABLE t AS SELECT 1"),
        ("CREATE TABLE t AS SELECT 1 WITH NO DATA", "postgres", "CREATE TABLE t AS SELECT 1"),
        ("CREATE MATERIALIZED VIEW v AS SELECT 1 WITH DATA", "postgres", "CREATE MATERIALIZED VIEW v AS SELECT 1"),
        ("CREATE VIEW v AS SELECT 1 WITH CASCADED CHECK OPTION", "postgres", "CREATE VIEW v AS SELECT 1"),
        ("SELECT 'ON COMMIT DROP' FROM t", "postgres", "SELECT 'ON COMMIT DROP' FROM t"),
        ("REPLACE INTO t SELECT 1", "mysql", "INSERT INTO t SELECT 1"),
        ("SELECT replace(a, 'x', 'y') FROM t", "mysql", "SELECT replace(a, 'x', 'y') FROM t"),
    ],
)
def test_other_dialects(text: str, name: str, expected: str) -> None:
    assert rewritten(text, name) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("SELECT a INTO v FROM t", "SELECT a FROM t"),
        ("SELECT a, b INTO STRICT v, r.x FROM t WHERE c = 1", "SELECT a, b FROM t WHERE c = 1"),
        ("SELECT a FROM t INTO v", "SELECT a FROM t"),
        ("SELECT a INTO v", "SELECT a"),
        ("SELECT (SELECT b FROM u) FROM t", "SELECT (SELECT b FROM u) FROM t"),
    ],
)
def test_into_of_a_body_fills_variables(text: str, expected: str) -> None:
    assert " ".join(drop_into(text, dialect("postgres")).split()) == expected


@pytest.mark.parametrize(
    ("text", "rest", "clauses"),
    [
        ("INSERT t (a) OUTPUT inserted.a INTO l SELECT 1", "INSERT t (a) SELECT 1", [OutputClause("inserted.a", "l")]),
        ("INSERT t (a) OUTPUT inserted.a VALUES (1)", "INSERT t (a) VALUES (1)", [OutputClause("inserted.a")]),
        ("DELETE FROM t OUTPUT deleted.* INTO [dbo].[l x] ([p q], r) WHERE a = 1", "DELETE FROM t WHERE a = 1",
         [OutputClause("deleted.*", "dbo.l x", ("p q", "r"))]),
        ("UPDATE t SET a = 1 OUTPUT inserted.a + ISNULL(deleted.b, 0) AS c INTO @l FROM t JOIN u ON 1 = 1",
         "UPDATE t SET a = 1 FROM t JOIN u ON 1 = 1", [OutputClause("inserted.a + ISNULL(deleted.b, 0) AS c", "@l")]),
        ("DELETE t OUTPUT deleted.a INTO l OUTPUT deleted.b WHERE c = 1", "DELETE t WHERE c = 1",
         [OutputClause("deleted.a", "l"), OutputClause("deleted.b")]),
        ("MERGE t USING s ON 1 = 1 WHEN MATCHED THEN DELETE OUTPUT $action, deleted.a INTO l;",
         "MERGE t USING s ON 1 = 1 WHEN MATCHED THEN DELETE ;", [OutputClause("$action, deleted.a", "l")]),
        ("INSERT t OUTPUT inserted.a INTO l (SELECT b FROM s)", "INSERT t (SELECT b FROM s)", [OutputClause("inserted.a", "l")]),
        ("UPDATE t SET output = 1", "UPDATE t SET output = 1", []),
        ("SELECT 'OUTPUT inserted.a' FROM t", "SELECT 'OUTPUT inserted.a' FROM t", []),
    ],
)  # fmt: skip
def test_output_is_cut_out(text: str, rest: str, clauses: list[OutputClause]) -> None:
    left, found = take_output(text, dialect("tsql"))
    assert (" ".join(left.split()), list(found)) == (rest, clauses)


def test_only_tsql_has_output() -> None:
    text = "DELETE FROM t OUTPUT deleted.a"
    assert take_output(text, dialect("postgres")) == (text, ())


PIECES = "SELECT DELETE UPDATE INSERT TOP ( ) FROM OUTPUT inserted . a INTO t += WITH CHECK OPTION ON COMMIT DROP ; 'x' REPLACE".split()


@given(st.lists(st.sampled_from(PIECES), max_size=20).map(" ".join), st.sampled_from(sorted(DIALECTS)))
def test_no_text_is_a_failure(text: str, name: str) -> None:
    rewrite(text, dialect(name))
    drop_into(text, dialect(name))
    rest, clauses = take_output(text, dialect(name))
    assert len(rest) <= len(text)
    assert all(clause.items for clause in clauses)
