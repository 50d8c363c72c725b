"""Splitting T-SQL: statements that need no semicolon, in one line or in many."""

from __future__ import annotations

import pytest

from lineage_core.sql.dialects import dialect
from lineage_core.sql.split import split


def pieces(text: str) -> list[str]:
    """`kind: code` of every slice."""
    return [f"{item.kind}: {text[item.first : item.last]}" for item in split(text, dialect("tsql"))]


def marked(text: str) -> tuple[str, list[str]]:
    """A text with `|` between its statements, without the marks; and the statements."""
    parts = [part.strip() for part in text.split("|")]
    return text.replace("|", " "), parts


@pytest.mark.parametrize(
    "text",
    [
        "SET NOCOUNT ON | UPDATE t SET a = 1 | SELECT a FROM t WHERE b IN (SELECT c FROM u) | DELETE t WHERE a = 2",
        "INSERT INTO t (a) SELECT 1 UNION ALL SELECT 2 EXCEPT SELECT 3 | EXEC p | SELECT 4",
        "INSERT INTO t (a) VALUES (1), (2) | SELECT 3",
        "INSERT INTO t DEFAULT VALUES | SELECT 1",
        "INSERT t EXEC p @a = 1 | SELECT 1",
        "INSERT INTO t (a) OUTPUT inserted.a INTO u VALUES (1) | SELECT 2",
        "INSERT INTO t WITH (TABLOCK) (a) SELECT 1 | SELECT 2",
        "INSERT INTO t (a) SELECT a FROM u WITH (NOLOCK) OPTION (MAXDOP 1) | UPDATE t SET a = 1",
        "IF EXISTS (SELECT 1 FROM t) | UPDATE t SET a = 1 | ELSE | INSERT t VALUES (1)",
        "IF @a = 1 | BEGIN | SELECT 1 | END | ELSE | IF @b = 2 | SELECT 2",
        "WHILE @i < 3 | SET @i += 1 | SELECT 5",
        "WHILE 1 = 1 | BEGIN | FETCH NEXT FROM c INTO @a | IF @@FETCH_STATUS <> 0 |\nBREAK |\nCONTINUE | END",
        "MERGE t USING s ON a = b WHEN MATCHED AND c = 1 THEN UPDATE SET x = 1 WHEN MATCHED THEN DELETE"
        " WHEN NOT MATCHED THEN INSERT (a) VALUES (1) OUTPUT $action; | SELECT 1",
        "WITH a AS (SELECT 1 x), b (y) AS (SELECT 2 y) SELECT * FROM a, b | WITH c AS (SELECT 1 z) INSERT t SELECT z FROM c",
        "SELECT 1; | ;WITH a AS (SELECT 1 x) DELETE FROM a".replace(" | ;WITH", " | ; | WITH"),
        "WITH a AS (SELECT 1 x) UPDATE a SET x = 2 FROM a JOIN b ON 1 = 1 | SELECT 1",
        "DECLARE @t TABLE (a int, b AS (a + 1)) | INSERT @t VALUES (1) | SELECT * FROM @t",
        "DECLARE @a int, @b int = (SELECT max(a) FROM t) | SELECT @a",
        "DECLARE c CURSOR LOCAL FOR | SELECT a FROM t FOR UPDATE OF a | OPEN c | FETCH NEXT FROM c INTO @x | CLOSE c | DEALLOCATE c",
        "GRANT SELECT ON t TO r | GRANT INSERT, UPDATE, DELETE ON u TO r | DENY EXECUTE ON p TO r | REVOKE ALL ON t FROM r",
        "ALTER TABLE t ADD CONSTRAINT fk FOREIGN KEY (a) REFERENCES u (b) ON DELETE SET NULL ON UPDATE CASCADE"
        " | ALTER TABLE t CHECK CONSTRAINT fk | ALTER TABLE t DROP COLUMN b | SELECT 1",
        "ALTER TABLE t ENABLE TRIGGER ALL | SELECT 1",
        "ALTER TABLE t SWITCH PARTITION 1 TO u | TRUNCATE TABLE t",
        "CREATE TABLE t (a int DEFAULT (0), b int) | CREATE INDEX i ON t (a) WITH (DROP_EXISTING = ON) | DROP INDEX i ON t",
        "SELECT 1 a INTO b FROM c | OPEN x | SELECT a FROM t ORDER BY a OFFSET 1 ROWS FETCH NEXT 5 ROWS ONLY | SELECT 2",
        "BEGIN TRAN | SAVE TRAN x | COMMIT | BEGIN DISTRIBUTED TRANSACTION | ROLLBACK | WAITFOR DELAY '0:1' | SELECT 1",
        "BEGIN TRY | SELECT 1 | END TRY | BEGIN CATCH |\nTHROW | END CATCH",
        "PRINT 'x' | RAISERROR ('a', 16, 1) WITH NOWAIT | RETURN 1 | SELECT 1",
        "EXEC p @a = 1, @b = N'x' | EXEC (@sql) AT lnk | EXECUTE dbo.q 'SELECT 1' | SELECT 1",
        "EXEC @rc = p @a OUTPUT | SELECT @rc",
        "SET @x = (SELECT 1) | SET @y += 1 | SET IDENTITY_INSERT t ON | INSERT t (a) VALUES (1) | SET ANSI_NULLS OFF | SELECT 1",
        "SELECT [end], [select] FROM t AS [update] | DELETE FROM t",
        "SELECT CASE WHEN a = 1 THEN CASE b WHEN 2 THEN 3 END ELSE 4 END FROM t | END",
        "UPDATE t SET a = CASE WHEN b = 1 THEN 2 ELSE 3 END, c = (SELECT 1) WHERE d = 1 | SELECT 1",
        "UPDATE t SET a = 1 OUTPUT inserted.a FROM t JOIN u ON t.a = u.a | SET @x = 1 | UPDATE u SET b = DEFAULT | SELECT 1",
        "UPDATE STATISTICS t | SELECT 1",
        "BULK INSERT dbo.t FROM 'c:\\x' WITH (FIRSTROW = 2) | SELECT 1",
        "SELECT a FROM t FOR XML PATH('') | SELECT b FROM u FOR JSON AUTO, ROOT('x') | SELECT 1",
        "SELECT a FROM OPENROWSET(BULK 'x', SINGLE_CLOB) AS b | SELECT 1",
        "SELECT a FROM t PIVOT (SUM(a) FOR b IN ([x], [y])) p | SELECT 1",
        "CREATE SYNONYM s FOR db.dbo.t | CREATE SEQUENCE q AS int START WITH 1 | CREATE TYPE y AS TABLE (a int) | SELECT 2",
        "SELECT a AS [from] FROM t t1 LEFT JOIN u ON t1.a = u.a | SELECT 1",
        "SELECT * FROM t | SELECT 2 * 3 | SELECT count(*) | DELETE t",
        "EXEC p 1, 2 |\nEXEC q | IF @x IS NULL | RETURN | DROP TABLE IF EXISTS a, b | CREATE TABLE a (b int)",
        "USE db | SELECT 1 |\nUSE [o db]; | SELECT 2",
        "lbl: | SELECT 1 | GOTO lbl | IF @@ERROR <> 0 | GOTO Err\n| Err: |\nROLLBACK",
        "(SELECT 1) UNION (SELECT 2) | (SELECT 3)".replace(" | (", " UNION ("),
    ],
)
def test_statements_without_semicolons(text: str) -> None:
    whole, parts = marked(text)
    assert [piece.split(": ", 1)[1] for piece in pieces(whole)] == parts


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("SELECT 1", ["select"]),
        ("VALUES (1)", ["select"]),
        ("WITH a AS (SELECT 1 x) INSERT t SELECT x FROM a", ["insert"]),
        ("WITH a AS (SELECT 1 x) MERGE t USING a ON 1 = 1 WHEN MATCHED THEN DELETE;", ["merge"]),
        ("INSERT t EXEC p", ["exec"]),
        ("IF EXISTS (SELECT 1 FROM t) RETURN", ["condition", "control"]),
        ("IF @a = 1 RETURN", ["control", "control"]),
        ("SET @a = (SELECT 1)", ["condition"]),
        ("DECLARE @t TABLE (a int)", ["declare_table"]),
        ("CREATE VIEW v AS SELECT 1 AS a", ["create_view"]),
        ("ALTER VIEW v AS SELECT 1 AS a", ["create_view"]),
        ("CREATE UNIQUE CLUSTERED INDEX i ON t (a)", ["create_index"]),
        ("CREATE SCHEMA s AUTHORIZATION dbo", ["control"]),
        ("CREATE USER u FOR LOGIN l", ["control"]),
        ("BULK INSERT t FROM 'x'", ["bulk_insert"]),
        ("frobnicate the table", ["unknown"]),
        ("sp_helptext 'a'\nGO\ndbo.p @x = 1", ["exec", "go", "exec"]),
        ("p\nGO\nSELECT 1\nq 'a'", ["exec", "go", "select"]),
        ("GO", ["go"]),
        ("USE db\nGO\nTRUNCATE TABLE t\nGO", ["use", "go", "truncate", "go"]),
    ],
)
def test_kinds(text: str, kinds: list[str]) -> None:
    assert [piece.split(": ", 1)[0] for piece in pieces(text)] == kinds


@pytest.mark.parametrize(
    ("text", "header", "body"),
    [
        ("CREATE PROCEDURE p @a int = 1, @b varchar(9) OUTPUT WITH EXECUTE AS OWNER AS SELECT 1 RETURN 0", 0, ["SELECT 1", "RETURN 0"]),
        ("CREATE PROC p AS BEGIN UPDATE t SET a = 1 END", 0, ["BEGIN", "UPDATE t SET a = 1", "END"]),
        ("CREATE OR ALTER PROCEDURE p (@a AS int) AS DELETE t", 0, ["DELETE t"]),
        ("CREATE PROC p;2 AS SELECT 1", 0, ["SELECT 1"]),
        ("CREATE TRIGGER tr ON t FOR UPDATE, INSERT NOT FOR REPLICATION AS IF UPDATE(a) UPDATE u SET x = 1", 0, ["IF UPDATE(a)", "UPDATE u SET x = 1"]),
        ("CREATE TRIGGER tr ON t INSTEAD OF DELETE AS DELETE u FROM u JOIN deleted d ON 1 = 1", 0, ["DELETE u FROM u JOIN deleted d ON 1 = 1"]),
        ("CREATE FUNCTION f (@x int) RETURNS TABLE AS RETURN (SELECT a FROM t)", 0, ["RETURN", "(SELECT a FROM t)"]),
        ("CREATE FUNCTION f (@x int) RETURNS TABLE RETURN SELECT a FROM t", 0, ["RETURN", "SELECT a FROM t"]),
        ("CREATE FUNCTION f () RETURNS TABLE AS RETURN WITH c AS (SELECT a FROM t) SELECT a FROM c", 0, ["RETURN", "WITH c AS (SELECT a FROM t) SELECT a FROM c"]),
        ("CREATE FUNCTION f () RETURNS @r TABLE (a int) AS BEGIN INSERT @r SELECT 1 RETURN END", 0, ["BEGIN", "INSERT @r SELECT 1", "RETURN", "END"]),
        ("CREATE FUNCTION f () RETURNS int BEGIN RETURN (SELECT max(a) FROM t) END", 0, ["BEGIN", "RETURN", "(SELECT max(a) FROM t)", "END"]),
    ],
)  # fmt: skip
def test_a_routine_owns_the_rest_of_its_batch(text: str, header: int, body: list[str]) -> None:
    whole = f"{text}\nGO\nSELECT 'outside'"
    found = split(whole, dialect("tsql"))
    assert [whole[item.first : item.last] for item in found if item.owner == header] == body
    assert [item.kind for item in found if item.owner is None][1:] == ["go", "select"]


def test_batches_are_counted() -> None:
    assert [item.batch for item in split("SELECT 1\nGO\nGO 3\nSELECT 2", dialect("tsql"))] == [0, 0, 1, 2]


def test_lines_are_those_of_the_code() -> None:
    text = "-- comment\n\nSELECT 1\n  FROM t\n\n/* x\n*/ UPDATE t\nSET a = 1 -- end\nGO\n"
    found = [(item.kind, item.line, item.end_line) for item in split(text, dialect("tsql"))]
    assert found == [("select", 3, 4), ("update", 7, 8), ("go", 9, 9)]
