"""Heads of CREATE and ALTER: kind, name, table and target, however oddly they are written."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineage_core.sql.dialects import dialect
from lineage_core.sql.headers import read_header


def head(text: str, name: str = "tsql") -> str:
    found = read_header(text, dialect(name))
    assert found is not None
    return f"{found.kind} {found.name}"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("CREATE VIEW v AS SELECT 1", "view v"),
        ("CREATE VIEW [dbo].[v] AS SELECT 1", "view dbo.v"),
        ("CREATE OR ALTER VIEW [dbo].[My View] AS SELECT 1", "view dbo.my view"),
        ("ALTER PROCEDURE [dbo].[a-b$c] @x int AS", "procedure dbo.a-b$c"),
        ("CREATE PROC [dbo].[we]]ird] AS", "procedure dbo.we]ird"),
        ("CREATE PROC [dbo].[v1.2] AS", 'procedure dbo."v1.2"'),
        ("CREATE PROCEDURE dbo.p;2 AS", "procedure dbo.p"),
        ("CREATE PROCEDURE [db].[dbo].p AS", "procedure db.dbo.p"),
        ("CREATE PROCEDURE\n  [dbo]\n  .\n  [p]\nAS", "procedure dbo.p"),
        ("CREATE /* the */ PROCEDURE -- one\n dbo.p AS", "procedure dbo.p"),
        ('CREATE FUNCTION "dbo"."f"() RETURNS int', "function dbo.f"),
        ("CREATE FUNCTION [dbo].[Größe]() RETURNS int", "function dbo.größe"),
        ("CREATE FUNCTION [VIEW].[TABLE]() RETURNS int", "function view.table"),
        ("CREATE TRIGGER dbo.tr ON dbo.t AFTER INSERT AS", "trigger dbo.tr"),
        ("CREATE UNIQUE NONCLUSTERED INDEX [IX t] ON t (a)", "index ix t"),
        ("CREATE SYNONYM s FOR db.dbo.t", "synonym s"),
        ("CREATE SEQUENCE dbo.q START WITH 1", "sequence dbo.q"),
        ("CREATE TYPE dbo.y AS TABLE (a int)", "type dbo.y"),
        ("CREATE TABLE #t (a int)", "table #t"),
    ],
)
def test_tsql_heads(text: str, expected: str) -> None:
    assert head(text) == expected


@pytest.mark.parametrize(
    ("text", "name", "expected"),
    [
        ("CREATE MATERIALIZED VIEW IF NOT EXISTS a.v AS SELECT 1", "postgres", "materialized_view a.v"),
        ('CREATE OR REPLACE VIEW "A".v AS SELECT 1', "postgres", "view A.v"),
        ("CREATE TEMP VIEW v AS SELECT 1", "postgres", "view v"),
        ("CREATE RECURSIVE VIEW v (a) AS SELECT 1", "postgres", "view v"),
        ("CREATE INDEX CONCURRENTLY IF NOT EXISTS i ON t (a)", "postgres", "index i"),
        ("CREATE DEFINER=`r`@`%` FUNCTION f() RETURNS INT RETURN 1", "mysql", "function f"),
        ("CREATE DOMAIN d AS int", "postgres", "type d"),
        ("CREATE OR REPLACE FORCE EDITIONABLE VIEW HR.V AS SELECT 1 FROM dual", "oracle", "view hr.v"),
        ("CREATE PROCEDURE `p.d.r`() BEGIN END", "bigquery", "procedure p.d.r"),
        ("CREATE CONSTRAINT TRIGGER tr AFTER INSERT ON t EXECUTE FUNCTION f()", "postgres", "trigger tr"),
    ],
)
def test_heads_of_other_dialects(text: str, name: str, expected: str) -> None:
    assert head(text, name) == expected


@pytest.mark.parametrize(
    ("text", "name", "on", "calls"),
    [
        ("CREATE TRIGGER tr ON [dbo].[t] AFTER INSERT, UPDATE AS", "tsql", "dbo.t", ""),
        ("CREATE TRIGGER tr ON t INSTEAD OF DELETE AS", "tsql", "t", ""),
        ("CREATE TRIGGER tr ON DATABASE FOR CREATE_TABLE AS", "tsql", "", ""),
        ("CREATE TRIGGER tr ON ALL SERVER FOR LOGON AS", "tsql", "", ""),
        ("CREATE TRIGGER tr AFTER INSERT ON s.t FOR EACH ROW EXECUTE FUNCTION f()", "postgres", "s.t", "f"),
        ("CREATE TRIGGER tr BEFORE INSERT OR UPDATE ON t EXECUTE PROCEDURE s.f()", "postgres", "t", "s.f"),
        ("CREATE TRIGGER tr AFTER UPDATE OF a, b ON ONLY t EXECUTE FUNCTION f()", "postgres", "t", "f"),
        ("CREATE TRIGGER tr AFTER DELETE ON t FOR EACH ROW DELETE FROM u", "mysql", "t", ""),
        ("CREATE INDEX i ON s.t USING btree (a)", "postgres", "s.t", ""),
    ],
)
def test_what_a_trigger_or_index_is_on(text: str, name: str, on: str, calls: str) -> None:
    found = read_header(text, dialect(name))
    assert found is not None
    assert (found.on, found.calls) == (on, calls)


def test_what_a_synonym_stands_for() -> None:
    found = read_header("CREATE SYNONYM [dbo].[s] FOR [Other].[dbo].[t]", dialect("tsql"))
    assert found is not None
    assert (found.name, found.target, found.display) == ("dbo.s", "other.dbo.t", "s")


@pytest.mark.parametrize("text", ["", "SELECT 1", "CREATE VIEW", "CREATE PROCEDURE (", "ALTER ROLE r"])
def test_no_name_no_head(text: str) -> None:
    assert read_header(text, dialect("tsql")) is None


@given(st.text(max_size=60))
def test_a_head_never_fails(text: str) -> None:
    read_header(f"CREATE VIEW {text}", dialect("tsql"))
    read_header(text, dialect("postgres"))
