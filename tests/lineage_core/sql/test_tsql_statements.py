"""T-SQL, statement by statement: what each reads, writes, calls and moves."""

from __future__ import annotations

import pytest

from lineage_core import analyze


def moves(sql: str, catalog: dict[str, list[str]] | None = None) -> set[str]:
    """`source > target` of every column that moves end to end, with the kind where it is no mere copy."""
    found = analyze(sql, dialect="tsql", catalog=catalog)
    assert not found.errors
    return {
        f"{flow.source_asset}.{flow.source_column} > {flow.target_asset}.{flow.target_column}"
        + ("" if flow.kind == "identity" else f" {flow.kind}")
        for flow in found.columns
    }


def touched(sql: str) -> tuple[set[str], set[str]]:
    """What a script reads and writes."""
    found = analyze(sql, dialect="tsql")
    assert not found.errors
    assert not any(statement.degraded for statement in found.statements)
    return set(found.reads), set(found.writes)


@pytest.mark.parametrize(
    ("sql", "reads", "writes"),
    [
        ("INSERT INTO t (a) SELECT TOP (@n) b FROM s ORDER BY c", {"s"}, {"t"}),
        ("INSERT TOP (5) INTO t (a) SELECT b FROM s", {"s"}, {"t"}),
        ("DELETE TOP (10) PERCENT FROM t WHERE a = 1", set(), {"t"}),
        ("UPDATE TOP (@n) t SET a = 1", set(), {"t"}),
        ("INSERT t DEFAULT VALUES", set(), {"t"}),
        ("INSERT INTO t VALUES (1, @x), (2, NULL)", set(), {"t"}),
        ("INSERT INTO t (a) VALUES ((SELECT max(b) FROM s))", {"s"}, {"t"}),
        ("TRUNCATE TABLE dbo.t", set(), {"dbo.t"}),
        ("SELECT a INTO dbo.n FROM s", {"s"}, {"dbo.n"}),
        ("UPDATE t SET a = 1", set(), {"t"}),
        ("UPDATE x SET a = y.b FROM dbo.t x JOIN dbo.s y ON x.i = y.i", {"dbo.s"}, {"dbo.t"}),
        ("UPDATE dbo.t SET a = s.b FROM dbo.s s WHERE s.i = dbo.t.i", {"dbo.s"}, {"dbo.t"}),
        ("DELETE x FROM dbo.t x LEFT JOIN dbo.s y ON x.i = y.i WHERE y.i IS NULL", {"dbo.s"}, {"dbo.t"}),
        ("DELETE FROM t WHERE i IN (SELECT i FROM s)", {"s"}, {"t"}),
        ("DELETE FROM t FROM t JOIN s ON s.i = t.i", {"s"}, {"t"}),
        ("MERGE t USING s ON t.i = s.i WHEN MATCHED THEN DELETE;", {"s"}, {"t"}),
        ("MERGE INTO t AS x USING (SELECT i FROM s) AS y ON x.i = y.i WHEN NOT MATCHED THEN INSERT (i) VALUES (i);", {"s"}, {"t"}),
        ("WITH c AS (SELECT a FROM t) DELETE FROM c WHERE a > 5", {"t"}, {"t"}),
        ("WITH c AS (SELECT a FROM t) UPDATE c SET a = 1", {"t"}, {"t"}),
        ("WITH c AS (SELECT i FROM s) MERGE t USING c ON c.i = t.i WHEN MATCHED THEN UPDATE SET a = 1;", {"s"}, {"t"}),
        ("SELECT * FROM t WITH (NOLOCK), u (NOLOCK) WHERE t.a = u.a OPTION (MAXDOP 1)", {"t", "u"}, set()),
        ("SELECT a FROM [My Db].[dbo].[My T] m JOIN db2..t2 ON 1 = 1 JOIN srv.db3.dbo.t3 ON 1 = 1",
         {"my db.dbo.my t", "db2.dbo.t2", "srv.db3.dbo.t3"}, set()),
        ("BULK INSERT dbo.t FROM 'c:\\x.csv' WITH (FIELDTERMINATOR = ',')", {"path:c:\\x.csv"}, {"dbo.t"}),
        ("ALTER TABLE dbo.t SWITCH TO dbo.u", {"dbo.t"}, {"dbo.u"}),
        ("SELECT 1 FROM @doc.nodes('/a') AS x (n)", set(), set()),
        ("IF EXISTS (SELECT 1 FROM t) DELETE u", {"t"}, {"u"}),
        ("DECLARE @a int = (SELECT max(a) FROM t); SET @a = (SELECT min(a) FROM u)", {"t", "u"}, set()),
        ("WHILE (SELECT count(*) FROM t) > 0 DELETE TOP (1) FROM t", {"t"}, {"t"}),
        ("DECLARE c CURSOR FOR SELECT a FROM t OPEN c FETCH NEXT FROM c INTO @a CLOSE c", {"t"}, set()),
        ("RETURN (SELECT 1)", set(), set()),
        ("DROP TABLE t; DROP VIEW IF EXISTS v", set(), set()),
        ("UPDATE STATISTICS t", set(), set()),
        ("INSERT INTO t WITH (TABLOCK) (a) SELECT b FROM s WITH (NOLOCK), u (INDEX = 1) OPTION (RECOMPILE)", {"s", "u"}, {"t"}),
        ("WITH XMLNAMESPACES ('u' AS n), c AS (SELECT a FROM s) INSERT t SELECT a FROM c", {"s"}, {"t"}),
        ("MERGE t WITH (HOLDLOCK) USING s ON t.i = s.i WHEN MATCHED THEN DELETE OPTION (LOOP JOIN);", {"s"}, {"t"}),
        ("SELECT a FROM t FOR SYSTEM_TIME AS OF @d AS x", {"t"}, set()),
        ("UPDATE t SET doc.WRITE(@x, 0, 1); UPDATE t SET x.modify('insert 1')", set(), {"t"}),
        ("EXEC dbo.p 1 WITH RESULT SETS ((a int))", set(), set()),
        ("SELECT a FROM t FOR XML PATH('')", {"t"}, set()),
        ("SELECT a FROM tempdb..#t; SELECT a FROM #t; SELECT a FROM @v; SELECT a FROM ##g", set(), set()),
    ],
)  # fmt: skip
def test_reads_and_writes(sql: str, reads: set[str], writes: set[str]) -> None:
    assert touched(sql) == (reads, writes)


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("INSERT INTO t (a, b) SELECT x, y FROM s", {"s.x > t.a", "s.y > t.b"}),
        ("INSERT INTO t (a) VALUES ((SELECT max(b) FROM s))", {"s.b > t.a aggregation"}),
        ("UPDATE t SET a = b + @c, d = @e", {"t.b > t.a transformation"}),
        ("UPDATE t SET a += b", {"t.a > t.a transformation", "t.b > t.a transformation"}),
        ("UPDATE t SET @v = a = b", {"t.b > t.a"}),
        ("UPDATE x SET x.a = y.b FROM dbo.t x JOIN dbo.s y ON x.i = y.i", {"dbo.s.b > dbo.t.a"}),
        ("SELECT @v = a, @w = b FROM s", set()),
        ("SELECT a, @v AS v INTO n FROM s", {"s.a > n.a"}),
        ("MERGE t USING s ON t.i = s.i WHEN MATCHED THEN UPDATE SET t.a = s.a WHEN NOT MATCHED THEN INSERT (i, a) VALUES (i, s.b);",
         {"s.a > t.a", "s.i > t.i", "s.b > t.a"}),
        ("WITH c AS (SELECT i AS k, a AS v FROM t) UPDATE c SET v = k + 1", {"t.i > t.a transformation"}),
        ("INSERT INTO t (a) OUTPUT inserted.a, inserted.i INTO dbo.l (x, y) SELECT b FROM s", {"s.b > t.a", "t.a > dbo.l.x", "t.i > dbo.l.y"}),
        ("DELETE FROM t OUTPUT deleted.a INTO l (x) WHERE i = 1", {"t.a > l.x"}),
        ("UPDATE t SET a = 1 OUTPUT deleted.a AS old, inserted.a + 1 INTO l (x, y)", {"t.a > l.x", "t.a > l.y transformation"}),
        ("MERGE t USING s ON t.i = s.i WHEN MATCHED THEN DELETE OUTPUT $action, deleted.a INTO l (act, x);", {"t.a > l.x"}),
        ("SELECT b.y AS z INTO n FROM a OUTER APPLY (SELECT TOP 1 y FROM s WHERE s.i = a.i ORDER BY k) b", {"s.y > n.z"}),
        ("SELECT x.n.value('(a)[1]', 'int') AS v INTO n FROM s CROSS APPLY s.doc.nodes('/a') AS x (n)", {"s.doc > n.v transformation"}),
        ("SELECT s.doc.value('(a)[1]', 'int') AS v, s.geo.STAsText() AS g INTO n FROM s", {"s.doc > n.v transformation", "s.geo > n.g transformation"}),
        ("SELECT j.a INTO n FROM s CROSS APPLY OPENJSON(s.doc) WITH (a int '$.a') AS j", {"s.doc > n.a transformation"}),
        ("INSERT INTO t (y, q) SELECT y, [1] FROM (SELECT y, q, amt FROM s) AS d PIVOT (SUM(amt) FOR q IN ([1], [2])) AS p",
         {"s.y > t.y", "s.amt > t.q aggregation"}),
        ("INSERT INTO t (i, k, v) SELECT i, k, v FROM s UNPIVOT (v FOR k IN (a, b)) AS u", {"s.i > t.i", "s.a > t.v", "s.b > t.v"}),
        ("SELECT STRING_AGG(a, ',') WITHIN GROUP (ORDER BY b) AS c INTO n FROM s", {"s.a > n.c aggregation"}),
        ("SELECT DATEDIFF(day, a, b) AS d, IIF(c = 1, e, f) AS g INTO n FROM s",
         {"s.a > n.d transformation", "s.b > n.d transformation", "s.e > n.g transformation", "s.f > n.g transformation"}),
        ("SELECT NEXT VALUE FOR q AS i, a INTO n FROM s", {"s.a > n.a"}),
        ("SELECT a = b, c AS 'd', e [f g] INTO n FROM s", {"s.b > n.a", "s.c > n.d", "s.e > n.f g"}),
        ("SELECT i, x INTO n FROM s CROSS APPLY (VALUES (a), (s.b)) v (x)", {"s.i > n.i", "s.a > n.x", "s.b > n.x"}),
        ("SELECT PARSE(a AS date USING 'en-US') AS p, b AT TIME ZONE 'UTC' AS q INTO n FROM s",
         {"s.a > n.p transformation", "s.b > n.q transformation"}),
        ("SELECT * INTO n FROM s PIVOT (SUM(amt) FOR q IN ([1])) p", {"s.* > n.*", "s.amt > n.1 aggregation"}),
        ("SELECT $IDENTITY AS i, s.$ROWGUID AS g INTO n FROM s", set()),
    ],
)  # fmt: skip
def test_columns(sql: str, expected: set[str]) -> None:
    assert moves(sql) == expected


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ("SELECT a INTO #t FROM s; INSERT INTO o (b) SELECT a FROM #t", {"s.a > o.b"}),
        ("CREATE TABLE #t (i int, v int); INSERT INTO #t SELECT a, b FROM s; INSERT INTO o (x) SELECT v FROM #t", {"s.b > o.x"}),
        ("CREATE TABLE #t (i int IDENTITY(1, 1), v int, w AS (v * 2)); INSERT INTO #t SELECT a FROM s; INSERT INTO o (x) SELECT v FROM #t", {"s.a > o.x"}),
        ("CREATE TABLE #t (i int); INSERT INTO #t SELECT a FROM s; INSERT INTO o SELECT * FROM #t", {"s.a > o.i"}),
        ("SELECT * INTO #t FROM s; SELECT * INTO #u FROM #t; INSERT INTO o (x) SELECT a FROM #u", {"s.a > o.x"}),
        ("SELECT * INTO #t FROM s; INSERT INTO o SELECT * FROM #t", {"s.* > o.*"}),
        ("INSERT INTO #t (p) SELECT a FROM s; INSERT INTO o SELECT * FROM #t", {"s.a > o.p"}),
        ("DECLARE @t TABLE (i int); INSERT @t SELECT a FROM s; INSERT o (x) SELECT i + 1 FROM @t", {"s.a > o.x transformation"}),
        ("SELECT a, NULL AS b INTO #t FROM s; UPDATE #t SET b = u.v FROM #t JOIN u ON u.i = #t.a; INSERT o (x, y) SELECT a, b FROM #t", {"s.a > o.x", "u.v > o.y"}),
        ("SELECT a INTO #t FROM s; DROP TABLE #t; SELECT b INTO #t FROM u; INSERT o SELECT * FROM #t", {"u.b > o.b"}),
        ("SELECT count(*) AS n INTO #t FROM s; INSERT o (x) SELECT n FROM #t", {"s.* > o.x aggregation"}),
        ("SELECT a INTO #t FROM s; INSERT o (x) SELECT count(*) FROM #t", {"s.* > o.x aggregation"}),
        ("INSERT t (a) OUTPUT inserted.a INTO #t SELECT b FROM s; INSERT o (x) SELECT a FROM #t", {"s.b > t.a", "t.a > o.x"}),
        ("INSERT #t (a) OUTPUT inserted.a INTO o (x) SELECT b FROM s", {"s.b > o.x"}),
        ("SELECT a INTO tempdb..#t FROM s; INSERT o (x) SELECT a FROM #t", {"s.a > o.x"}),
        ("SELECT a INTO #t FROM s; MERGE o USING #t t ON t.a = o.a WHEN NOT MATCHED THEN INSERT (a) VALUES (t.a);", {"s.a > o.a"}),
        ("SELECT a INTO #t FROM s; WITH c AS (SELECT a AS k FROM #t) INSERT o (x) SELECT k FROM c", {"s.a > o.x"}),
    ],
)  # fmt: skip
def test_temp_tables_are_seen_through(script: str, expected: set[str]) -> None:
    assert moves(script) == expected


def test_a_change_inside_from_without_output_is_said_not_to_be_understood() -> None:
    sql = "INSERT INTO t (a) SELECT a FROM (MERGE u USING s ON u.i = s.i WHEN MATCHED THEN DELETE) x"
    (statement,) = analyze(sql, dialect="tsql").statements
    assert (statement.degraded, set(statement.reads), set(statement.writes)) == (True, {"s"}, {"t", "u"})
    assert statement.errors


def test_what_filtered_a_temp_table_filters_what_is_made_of_it() -> None:
    found = analyze("SELECT a INTO #t FROM s WHERE b = 1; INSERT o (x) SELECT a FROM #t", dialect="tsql")
    assert [(f.source_asset, f.source_column, f.target_asset, f.target_column, f.kind) for f in found.influences] == [
        ("s", "b", "o", "*", "filter")
    ]


def test_each_routine_has_temp_tables_of_its_own() -> None:
    sql = "CREATE PROC p AS SELECT a INTO #t FROM s\nGO\nCREATE PROC q AS INSERT o (x) SELECT a FROM #t\nGO"
    assert moves(sql) == set()


@pytest.mark.parametrize(
    ("sql", "calls"),
    [
        ("EXEC dbo.p @a = 1", ["dbo.p"]),
        ("EXECUTE [dbo].[p 4] 'x'", ["dbo.p 4"]),
        ("EXEC @rc = db.dbo.p @a OUTPUT", ["db.dbo.p"]),
        ("INSERT INTO t EXEC dbo.p", ["dbo.p"]),
        ("SELECT dbo.f(a), upper(b) FROM t", ["dbo.f"]),
        ("SELECT * FROM dbo.g(1) x CROSS APPLY dbo.h(x.a) y", ["dbo.g", "dbo.h"]),
        ("SELECT a FROM t WHERE dbo.f(a) = 1", ["dbo.f"]),
        ("SELECT dbo.MakeKey(a), dbo.STRIP(b) FROM t", ["dbo.makekey", "dbo.strip"]),
        ("SELECT t.doc.value('a', 'int'), n.query('b'), hierarchyid.ToString() FROM t", []),
        ("EXEC sp_executesql N'SELECT 1'", []),
        ("EXEC sys.sp_rename 'a', 'b'", []),
        ("EXECUTE AS USER = 'x'", []),
        ("dbo.p @a = 1", ["dbo.p"]),
        ("EXEC (@sql)", []),
    ],
)
def test_calls(sql: str, calls: list[str]) -> None:
    assert list(analyze(sql, dialect="tsql").calls) == calls


BODIES = [
    ("CREATE PROCEDURE dbo.p @a int AS BEGIN SET NOCOUNT ON UPDATE t SET a = s.a FROM t JOIN s ON 1 = 1 RETURN 0 END",
     "procedure dbo.p", {"s"}, {"t"}),
    ("CREATE FUNCTION dbo.f (@d date) RETURNS @r TABLE (i int) AS BEGIN INSERT INTO @r SELECT i FROM s WHERE d > @d RETURN END",
     "function dbo.f", {"s"}, set()),
    ("CREATE FUNCTION dbo.f () RETURNS TABLE WITH SCHEMABINDING AS RETURN (SELECT i FROM dbo.s)", "function dbo.f", {"dbo.s"}, set()),
    ("CREATE FUNCTION dbo.f () RETURNS int AS BEGIN DECLARE @r int SELECT @r = sum(a) FROM s RETURN @r END", "function dbo.f", {"s"}, set()),
    ("CREATE TRIGGER dbo.tr ON dbo.t AFTER INSERT AS INSERT l (i) SELECT i FROM inserted", "trigger dbo.tr", set(), {"l"}),
    ("CREATE PROC p AS BEGIN TRY BEGIN TRAN DELETE t COMMIT END TRY BEGIN CATCH IF @@TRANCOUNT > 0 ROLLBACK\nINSERT e SELECT ERROR_MESSAGE()\n;THROW END CATCH",
     "procedure p", set(), {"t", "e"}),
    ("CREATE PROC p AS DECLARE c CURSOR FOR SELECT i FROM s OPEN c FETCH NEXT FROM c INTO @i WHILE @@FETCH_STATUS = 0 BEGIN INSERT l (i) VALUES (@i) FETCH NEXT FROM c INTO @i END CLOSE c DEALLOCATE c",
     "procedure p", {"s"}, {"l"}),
    ("ALTER PROCEDURE p AS IF @a = 1 BEGIN ;WITH c AS (SELECT a FROM s) INSERT t SELECT a FROM c END ELSE DELETE t", "procedure p", {"s"}, {"t"}),
]  # fmt: skip


@pytest.mark.parametrize(("sql", "defined", "reads", "writes"), BODIES)
def test_bodies(sql: str, defined: str, reads: set[str], writes: set[str]) -> None:
    found = analyze(sql, dialect="tsql")
    assert [f"{item.kind} {item.name}" for item in found.defines] == [defined]
    assert touched(sql) == (reads, writes)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("INSERT l (i, v) SELECT i.id, d.v FROM inserted i JOIN deleted d ON d.id = i.id", {"dbo.t.id > l.i", "dbo.t.v > l.v"}),
        ("UPDATE x SET a = i.b FROM dbo.u x JOIN inserted i ON i.id = x.id", {"dbo.t.b > dbo.u.a"}),
        ("UPDATE u SET a = 1 OUTPUT deleted.a INTO h (x) WHERE id IN (SELECT id FROM inserted)", {"u.a > h.x"}),
        ("SELECT * INTO #i FROM inserted; INSERT l (i) SELECT id FROM #i", {"dbo.t.id > l.i"}),
    ],
)  # fmt: skip
def test_a_trigger_s_rows_are_those_of_its_table(body: str, expected: set[str]) -> None:
    sql = f"CREATE TRIGGER dbo.tr ON dbo.t AFTER INSERT, UPDATE AS BEGIN {body} END"
    assert moves(sql) == expected
    assert "dbo.t" not in analyze(sql, dialect="tsql").reads


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("CREATE VIEW v (p, q) AS SELECT a, b + c FROM s", {"s.a > v.p", "s.b > v.q transformation", "s.c > v.q transformation"}),
        ("CREATE VIEW v WITH SCHEMABINDING AS SELECT a FROM dbo.s WITH CHECK OPTION", {"dbo.s.a > v.a"}),
        ("CREATE VIEW v AS SELECT a AS x FROM s\nGO\nCREATE VIEW w AS SELECT * FROM v", {"s.a > v.x", "v.x > w.x"}),
        ("CREATE TABLE s (a int, b int)\nGO\nCREATE VIEW v AS SELECT * FROM s", {"s.a > v.a", "s.b > v.b"}),
        ("CREATE OR ALTER VIEW v AS WITH c AS (SELECT a FROM s) SELECT a FROM c UNION ALL SELECT b FROM t", {"s.a > v.a", "t.b > v.a"}),
    ],
)  # fmt: skip
def test_views(sql: str, expected: set[str]) -> None:
    assert moves(sql) == expected


def test_an_insert_without_columns_fills_what_does_not_fill_itself() -> None:
    sql = "CREATE TABLE t (id int IDENTITY, a int, b AS (a * 2), v rowversion, c int) INSERT t SELECT x, y FROM s"
    assert moves(sql) == {"s.x > t.a", "s.y > t.c", "t.a > t.b transformation"}
    assert moves("INSERT INTO t SELECT x FROM s", {"t": ["a", "b"]}) == {"s.x > t.a"}
