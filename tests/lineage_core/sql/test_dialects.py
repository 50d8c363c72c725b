"""Dialects: each is known to sqlglot, has its other names, and is found from a text that shows its habits."""

from __future__ import annotations

import pytest
import sqlglot

from lineage_core.errors import UnknownDialectError
from lineage_core.sql.dialects import ALIASES, DIALECTS, detect, dialect


@pytest.mark.parametrize("name", sorted(DIALECTS))
def test_sqlglot_reads_every_dialect(name: str) -> None:
    assert len(sqlglot.parse("SELECT a FROM t; SELECT 1", dialect=DIALECTS[name].sqlglot)) == 2


@pytest.mark.parametrize(("alias", "name"), sorted(ALIASES.items()))
def test_an_alias_is_its_dialect(alias: str, name: str) -> None:
    assert dialect(alias) is dialect(f" {name.upper()} ")


@pytest.mark.parametrize("name", ["", "klingon", "tsql2", "post gres"])
def test_an_unknown_name_is_answered_with_the_known_ones(name: str) -> None:
    with pytest.raises(UnknownDialectError, match="Unknown SQL dialect") as caught:
        dialect(name)
    assert all(known in caught.value.hint for known in DIALECTS)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("", "ansi"),
        ("SELECT a FROM t", "ansi"),
        ("SELECT a FROM t\nGO\nSELECT b FROM u\nGO", "tsql"),
        ("/****** Object:  View [dbo].[v] ******/\nCREATE VIEW [dbo].[v] AS SELECT 1 AS a", "tsql"),
        ("SET NOCOUNT ON\nDECLARE @x int = 1\nSELECT * FROM dbo.t WHERE a = @x", "tsql"),
        ("SELECT * INTO #t FROM [Sales].[Orders]", "tsql"),
        ("CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN 1; END $$;", "postgres"),
        ("INSERT INTO t (a) VALUES (1) ON CONFLICT DO NOTHING RETURNING a", "postgres"),
        ("CREATE TABLE t (id bigserial PRIMARY KEY, doc jsonb)", "postgres"),
        ("SELECT a::int FROM t", "postgres"),
        ("CREATE TABLE `t` (`id` int AUTO_INCREMENT) ENGINE=InnoDB", "mysql"),
        ("SELECT * FROM `proj-1.set.table`", "bigquery"),
        ("CREATE TABLE t (a int) USING DELTA", "databricks"),
        ("COPY INTO t FROM @stage", "snowflake"),
        ("SELECT NVL(a, 0) FROM dual", "oracle"),
        ("CREATE TABLE t (a VARCHAR2(10))", "oracle"),
    ],
)
def test_a_text_shows_its_dialect(text: str, name: str) -> None:
    assert detect(text).name == name


def test_only_the_head_of_a_long_text_is_looked_at() -> None:
    assert detect("SELECT a FROM t;\n" * 5_000 + "GO\n").name == "ansi"


def test_detection_does_not_depend_on_line_ends_or_case() -> None:
    assert detect("select a from t\r\ngo\r\n").name == "tsql"


def test_a_later_dialect_wins_by_more_hints_only() -> None:
    one_hint_each = "CREATE TABLE t (a VARIANT) ENGINE=InnoDB"
    assert detect(one_hint_each).name == "mysql"
    assert detect("SELECT ISNULL(a) FROM t ORDER BY a NULLS LAST").name == "tsql"
    assert detect("SELECT ISNULL(a), b::int FROM t").name == "postgres"
