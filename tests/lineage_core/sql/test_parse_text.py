"""A file's facts: lines, owners, databases, dynamic SQL, and the isolation of what cannot be read."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lineage_core.model.facts import FileFacts, Statement
from lineage_core.sql import parse
from lineage_core.sql.dialects import DIALECTS
from lineage_core.sql.parse import parse_text


def said(facts: FileFacts) -> list[str]:
    """`line kind: reads > writes` of every statement."""
    return [
        f"{item.line} {item.kind}: {' '.join(item.reads)} > {' '.join(item.writes)}".rstrip()
        for item in facts.statements
    ]


PROCEDURE = """USE Sales
GO
-- a comment
CREATE PROCEDURE dbo.p AS
BEGIN
  UPDATE dbo.t
  SET a = 1
  EXEC dbo.q
END
GO
CREATE VIEW dbo.v AS
SELECT a FROM dbo.t
GO
USE [Other Db]
GO
SELECT 1 AS x INTO dbo.n FROM dbo.s
"""


def test_lines_owners_and_databases() -> None:
    facts = parse_text(PROCEDURE, "tsql")
    assert [(item.kind, item.name, item.database, item.line) for item in facts.objects] == [
        ("procedure", "dbo.p", "sales", 4),
        ("view", "dbo.v", "sales", 11),
    ]
    assert [(item.kind, item.owner, item.database, item.line, item.end_line) for item in facts.statements] == [
        ("update", 0, "sales", 6, 7),
        ("exec", 0, "sales", 8, 8),
        ("view", 1, "sales", 11, 12),
        ("select_into", None, "other db", 16, 16),
    ]


@pytest.mark.parametrize(
    ("text", "name", "database"),
    [
        ("USE a; SELECT 1 FROM t", "tsql", "a"),
        ("USE [A b]\nGO\nSELECT 1 FROM t", "tsql", "a b"),
        ("USE [$(Name)]\nGO\nSELECT 1 FROM t", "tsql", ""),
        ("USE a\nGO\nUSE [$(Name)]\nGO\nSELECT 1 FROM t", "tsql", "a"),
        ("USE DATABASE a; SELECT 1 FROM t", "snowflake", "a"),
        ("USE DATABASE a; USE SCHEMA b; USE ROLE c; USE WAREHOUSE d; SELECT 1 FROM t", "snowflake", "a"),
        ("USE `a`; SELECT 1 FROM t", "mysql", "a"),
    ],
)
def test_use_chooses_the_database(text: str, name: str, database: str) -> None:
    assert parse_text(text, name).statements[-1].database == database


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("EXEC ('INSERT INTO a SELECT b FROM c')", ["1 insert: c > a"]),
        ("EXEC (N'TRUNCATE TABLE a; DELETE FROM b')", ["1 truncate:  > a", "1 delete:  > b"]),
        ("EXEC sp_executesql N'UPDATE a SET b = @p', N'@p int', 1", ["1 update:  > a"]),
        ("EXEC sys.sp_executesql @stmt = N'\n\nDELETE FROM a'", ["3 delete:  > a"]),
        ("EXECUTE [sys].[sp_executesql] @statement = N'DELETE FROM a'", ["1 delete:  > a"]),
        ("EXEC @rc = sp_executesql N'DELETE FROM a'", ["1 delete:  > a"]),
        ("EXEC ('SELECT ''x'' AS y FROM a')", ["1 select: a >"]),
        ("EXEC ('DELETE ' + 'FROM a')", ["1 delete:  > a"]),
        ("EXEC ('DELETE FROM ' + @t)", []),
        ("EXEC ('DELETE FROM a') AT linked", []),
        ("DECLARE @s nvarchar(max) = N'DELETE FROM a'\nEXEC (@s)", ["2 delete:  > a"]),
        (
            "DECLARE @i int = 1, @s varchar(9); SET @s = 'DELETE'; SET @s += ' FROM a'; EXEC sp_executesql @s",
            ["1 delete:  > a"],
        ),
        ("SET @s = 'DELETE FROM a' + CHAR(13) + CHAR(10) + 'WHERE 1 = 1'; EXEC (@s)", ["1 delete:  > a"]),
        ("SET @s = 'DELETE FROM ' + @t; EXEC (@s)", []),
        ("SET @s = 'DELETE FROM a'; SET @s = @t; EXEC (@s)", []),
        ("SET @s = 'DELETE FROM a'\nGO\nEXEC (@s)", []),
        ("SELECT @s = 'DELETE FROM a' EXEC (@s)", ["1 select:  >", "1 delete:  > a"]),
        ("INSERT INTO a (x) EXEC ('SELECT y FROM b')", ["1 insert: b > a"]),
        ("INSERT INTO a EXEC ('DELETE FROM c; SELECT y FROM b')", ["1 exec:  > a", "1 delete:  > c", "1 select: b >"]),
        ("INSERT INTO a EXEC dbo.p", ["1 exec:  > a"]),
        ("EXEC ('EXEC (''DELETE FROM a'')')", ["1 delete:  > a"]),
    ],
)
def test_dynamic_sql_that_is_known(text: str, expected: list[str]) -> None:
    assert said(parse_text(text, "tsql")) == expected


def test_columns_flow_through_inserted_dynamic_sql() -> None:
    (statement,) = parse_text("INSERT INTO a (x) EXEC sp_executesql N'SELECT y FROM b'", "tsql").statements
    assert [(flow.target, flow.columns) for flow in statement.flows] == [("a", ("x",))]


def test_objects_made_by_dynamic_sql_are_defined_where_they_stand() -> None:
    text = "IF OBJECT_ID('v') IS NULL\nEXEC dbo.sp_executesql @statement = N'\nCREATE VIEW [dbo].[v] AS\nSELECT a FROM t'\nGO\nEXEC('CREATE PROC p AS DELETE u')"
    facts = parse_text(text, "tsql")
    assert [(item.kind, item.name, item.line) for item in facts.objects] == [
        ("view", "dbo.v", 3),
        ("procedure", "p", 6),
    ]
    assert [(item.line, item.kind, item.owner) for item in facts.statements] == [(3, "view", 0), (6, "delete", 1)]


def test_dynamic_sql_of_a_routine_is_the_routine_s() -> None:
    facts = parse_text("CREATE PROC p AS EXEC ('DELETE FROM a')", "tsql")
    assert [(item.kind, item.owner) for item in facts.statements] == [("delete", 0)]


def test_errors_in_guessed_dynamic_sql_are_not_the_file_s() -> None:
    assert parse_text("SET @s = 'SELECT a b c FROM ('; EXEC (@s)", "tsql").problems == []
    assert parse_text("EXEC ('SELECT a b c FROM (')", "tsql").problems != []


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("EXECUTE 'DELETE FROM a' USING x;", ["1 delete:  > a"]),
        ("EXECUTE $q$ DELETE FROM a $q$;", ["1 delete:  > a"]),
        ("q := 'DELETE FROM a'; EXECUTE q;", ["1 delete:  > a"]),
        ("q := 'DELETE FROM ' || quote_ident(t); EXECUTE q;", []),
        ("EXECUTE format('DELETE FROM %I', t) USING a, b;", []),
        ("SELECT a INTO v FROM b;", ["1 select: b >"]),
        ("PERFORM f(a) FROM b;", ["1 select: b >"]),
        ("FOR r IN EXECUTE 'SELECT a FROM b' LOOP NULL; END LOOP;", ["1 select: b >"]),
    ],
)
def test_plpgsql(body: str, expected: list[str]) -> None:
    facts = parse_text(f"CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $$ BEGIN {body} END $$;", "postgres")
    assert said(facts) == expected
    assert not facts.problems


def test_execute_immediate() -> None:
    text = "CREATE PROCEDURE p IS BEGIN EXECUTE IMMEDIATE 'TRUNCATE TABLE a'; END;"
    assert said(parse_text(text, "oracle")) == ["1 truncate:  > a"]


def test_a_broken_statement_costs_itself() -> None:
    facts = parse_text("SELECT a FROM b;\nINSERT INTO c SELECT x y z FROM d;\nSELEC x;\nSELECT e FROM f;", "postgres")
    assert said(facts) == ["1 select: b >", "2 insert: d > c", "4 select: f >"]
    assert [item.degraded for item in facts.statements] == [False, True, False]
    assert [problem.line for problem in facts.problems] == [2, 3]


def test_an_extractor_that_fails_costs_its_statement(monkeypatch: pytest.MonkeyPatch) -> None:
    real = parse.extract

    def failing(text: str, *rest: object) -> Statement:
        if "bad" in text:
            raise ZeroDivisionError("by chance")
        return real(text, *rest)

    monkeypatch.setattr(parse, "extract", failing)
    facts = parse_text("SELECT a FROM good;\nSELECT a FROM bad JOIN worse ON true;\nSELECT b FROM fine;", "postgres")
    assert said(facts) == ["1 select: good >", "2 select: bad worse >", "3 select: fine >"]
    assert [problem.message for problem in facts.problems] == ["the extractor failed: ZeroDivisionError: by chance"]


@pytest.mark.parametrize(
    ("text", "piece", "degraded"),
    [
        ("SELECT a# FROM t", " + a", False),
        ("SELECT a FROM t WHERE b#", " OR b", False),
        ("SELECT a FROM t WHERE b IN (1#)", ", 1", False),
        ("SELECT a FROM t#", " UNION ALL SELECT a FROM t", False),
        ("SELECT #a FROM t", "(", True),
        ("SELECT #a FROM t", "f(", True),
    ],
)
def test_long_statements_are_read_and_deep_ones_said(text: str, piece: str, degraded: bool) -> None:  # noqa: FBT001
    (statement,) = parse_text(text.replace("#", piece * 2_000), "postgres").statements
    assert (statement.reads, statement.degraded) == (("t",), degraded)


def test_the_dialect_is_found_where_none_is_given() -> None:
    assert parse_text("SELECT [a] FROM [dbo].[t]\nGO").dialect == "tsql"
    assert parse_text("SELECT a::int FROM t").dialect == "postgres"
    assert parse_text("SELECT a FROM t").dialect == "ansi"


SOUP = st.lists(
    st.sampled_from(
        "SELECT a FROM t INSERT INTO u ( ) , . ; VALUES UPDATE SET = DELETE MERGE USING ON WHEN THEN MATCHED WITH AS BEGIN "
        "END CREATE VIEW TABLE PROCEDURE EXEC 'x' N'DELETE' @v IF ELSE DECLARE GO \n OUTPUT inserted TOP PIVOT UNION * $$ "
        'FUNCTION RETURNS LANGUAGE plpgsql LOOP FOR IN EXECUTE := || ALTER ADD DROP [b] "c" JOIN CROSS APPLY'.split()
    ),
    max_size=40,
).map(" ".join)


@given(SOUP, st.sampled_from(sorted(DIALECTS)))
@settings(max_examples=300)
def test_no_text_is_a_failure(text: str, name: str) -> None:
    facts = parse_text(text, name)
    for statement in facts.statements:
        assert statement.owner is None or statement.owner < len(facts.objects)
        assert all((*statement.reads, *statement.writes, *statement.calls))
        assert not any("extractor failed" in problem.message for problem in statement.errors)
        assert all(flow.query < len(statement.queries) for flow in statement.flows)


@given(SOUP)
def test_facts_survive_the_cache(text: str) -> None:
    facts = parse_text(text, "tsql")
    assert FileFacts.model_validate_json(facts.model_dump_json()) == facts
