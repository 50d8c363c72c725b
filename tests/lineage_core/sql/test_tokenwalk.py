"""The token walk: tables of statements that have no tree."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineage_core.sql.dialects import DIALECTS, dialect
from lineage_core.sql.tokenwalk import walk


def walked(sql: str, name: str = "tsql") -> tuple[str, str, str]:
    """Reads, writes and calls, each as words."""
    found = walk(sql, dialect(name))
    return " ".join(found.reads), " ".join(found.writes), " ".join(found.calls)


@pytest.mark.parametrize(
    ("sql", "reads", "writes"),
    [
        ("SELECT a FROM t", "t", ""),
        ("SELECT a FROM dbo.t AS x, [s].[u] y JOIN db..v ON 1 = 1", "dbo.t s.u db.dbo.v", ""),
        ("SELECT a FROM t WITH (NOLOCK) JOIN u (NOLOCK) ON 1 = 1 CROSS APPLY v w", "t u v", ""),
        ("SELECT a FROM (SELECT b FROM t) x JOIN (u JOIN v ON 1 = 1) ON 1 = 1", "t u v", ""),
        ("SELECT a FROM t WHERE b IN (SELECT c FROM u WHERE EXISTS (SELECT 1 FROM v))", "t u v", ""),
        ("WITH c AS (SELECT a FROM t), d (x) AS (SELECT a FROM c) SELECT * FROM d", "t", ""),
        ("INSERT INTO t (a) SELECT b FROM u", "u", "t"),
        ("INSERT t VALUES (1)", "", "t"),
        ("INSERT OVERWRITE TABLE t SELECT b FROM u", "u", "t"),
        ("SELECT a INTO #t FROM u", "u", "#t"),
        ("UPDATE t SET a = 1 WHERE b = 2", "", "t"),
        ("UPDATE x SET a = y.b FROM t x JOIN u y ON 1 = 1", "u", "t"),
        ("UPDATE x SET a = y.b FROM t x JOIN t y ON 1 = 1", "t", "t"),
        ("UPDATE TOP (5) t SET a = 1", "", "t"),
        ("DELETE FROM t WHERE a = 1", "", "t"),
        ("DELETE x FROM t x JOIN u ON 1 = 1", "u", "t"),
        ("DELETE FROM t FROM t JOIN u ON 1 = 1", "u", "t"),
        ("DELETE TOP (5) FROM t", "", "t"),
        ("DELETE FROM t USING u WHERE t.a = u.a", "u", "t"),
        ("MERGE INTO t AS x USING u AS y ON 1 = 1 WHEN MATCHED THEN UPDATE SET a = 1 WHEN NOT MATCHED THEN INSERT (a) VALUES (1)", "u", "t"),
        ("MERGE t USING (SELECT a FROM u) y ON 1 = 1 WHEN MATCHED THEN DELETE", "u", "t"),
        ("TRUNCATE TABLE t", "", "t"),
        ("IF EXISTS (SELECT 1 FROM t)", "t", ""),
        ("FETCH NEXT FROM c INTO @a", "", ""),
        ("SELECT * FROM @v v JOIN #t ON 1 = 1", "@v #t", ""),
        ("SELECT * FROM @x.nodes('/a') AS n (c)", "", ""),
        ("SELECT a FROM inserted i JOIN deleted d ON 1 = 1", "", ""),
        ("SELECT EXTRACT(year FROM d), TRIM(BOTH 'x' FROM e), a IS DISTINCT FROM b FROM t", "t", ""),
        ("GRANT UPDATE ON t TO r", "", ""),
    ],
)  # fmt: skip
def test_tables(sql: str, reads: str, writes: str) -> None:
    assert walked(sql)[:2] == (reads, writes)


@pytest.mark.parametrize(
    ("sql", "name", "calls"),
    [
        ("EXEC dbo.p @a = 1", "tsql", "dbo.p"),
        ("EXEC @r = [dbo].[p] 1", "tsql", "dbo.p"),
        ("EXEC (@sql)", "tsql", ""),
        ("EXEC sp_executesql @sql; EXEC dbo.sp_executesql @sql", "tsql", ""),
        ("INSERT INTO t EXEC dbo.p", "tsql", "dbo.p"),
        ("CALL s.p(1)", "postgres", "s.p"),
        ("SELECT * FROM s.f(1) x JOIN g(2) y ON true", "postgres", "s.f"),
        ("EXECUTE AS USER = 'x'", "tsql", ""),
    ],
)
def test_calls(sql: str, name: str, calls: str) -> None:
    assert walked(sql, name)[2] == calls


@given(st.text(max_size=80), st.sampled_from(sorted(DIALECTS)))
def test_a_walk_never_fails(text: str, name: str) -> None:
    walk(text, dialect(name))


WORDS = "SELECT FROM JOIN UPDATE DELETE INSERT INTO MERGE USING TOP WITH AS EXEC ( ) , . t u @v #x 'y' [z] SET WHEN THEN".split()


@given(st.lists(st.sampled_from(WORDS), max_size=25).map(" ".join))
def test_a_walk_of_sql_words_never_fails(text: str) -> None:
    found = walk(text, dialect("tsql"))
    assert all((*found.reads, *found.writes))
