"""The library's front door: what a script reads, writes and moves, per statement and end to end."""

from __future__ import annotations

import pytest

from lineage_core import analyze
from lineage_core.errors import UnknownDialectError

CATALOG = {"dbo.orders": ["id", "amount", "customer_id"], "dbo.customers": ["id", "name"]}


def flows(sql: str, dialect: str = "tsql", **options: object) -> set[str]:
    found = analyze(sql, dialect=dialect, **options)
    return {f"{c.source_asset}.{c.source_column} > {c.target_asset}.{c.target_column} {c.kind}" for c in found.columns}


def test_a_temp_table_is_collapsed_end_to_end() -> None:
    sql = "SELECT id, amount * 2 AS twice INTO #t FROM dbo.orders\nINSERT INTO dbo.report (a) SELECT twice FROM #t"
    assert flows(sql) == {"dbo.orders.amount > dbo.report.a transformation"}
    found = analyze(sql, dialect="tsql")
    assert (found.reads, found.writes) == (("dbo.orders",), ("dbo.report",))
    assert [(s.reads, s.writes) for s in found.statements] == [(("dbo.orders",), ("#t",)), (("#t",), ("dbo.report",))]


def test_a_star_is_what_the_catalog_says_it_is() -> None:
    sql = "INSERT INTO dbo.copy SELECT * FROM dbo.customers"
    assert flows(sql, catalog=CATALOG) == {
        "dbo.customers.id > dbo.copy.id identity",
        "dbo.customers.name > dbo.copy.name identity",
    }
    assert flows(sql) == {"dbo.customers.* > dbo.copy.* identity"}


def test_an_unqualified_column_belongs_to_the_table_that_has_it() -> None:
    sql = "INSERT INTO t (n) SELECT name FROM dbo.orders o JOIN dbo.customers c ON c.id = o.customer_id"
    assert flows(sql, catalog=CATALOG) == {"dbo.customers.name > t.n identity"}
    assert flows(sql) == {"None.name > t.n identity"}


def test_conditions_decide_and_values_flow() -> None:
    found = analyze("INSERT INTO t (v) SELECT CASE WHEN a > 1 THEN b ELSE c END FROM s WHERE d = 1", dialect="tsql")
    assert {(c.source_column, c.kind) for c in found.columns} == {("b", "transformation"), ("c", "transformation")}
    assert {(c.source_column, c.target_column, c.kind) for c in found.influences} == {
        ("a", "v", "conditional"),
        ("d", "*", "filter"),
    }


def test_a_procedure_defines_itself_and_calls_others() -> None:
    update = "UPDATE t SET a = s.b FROM dbo.t t JOIN dbo.s s ON 1 = 1"
    sql = f"CREATE PROCEDURE dbo.Load AS\nSET NOCOUNT ON\n{update}\nEXEC dbo.Next"
    found = analyze(sql, dialect="tsql")
    assert [(item.kind, item.name) for item in found.defines] == [("procedure", "dbo.load")]
    assert (found.reads, found.writes, found.calls) == (("dbo.s",), ("dbo.t",), ("dbo.next",))
    assert [(s.kind, s.line, s.end_line) for s in found.statements] == [("update", 3, 3), ("exec", 4, 4)]


def test_the_changed_table_is_read_only_if_it_is_a_source_besides() -> None:
    assert analyze("UPDATE t SET a = 1", dialect="tsql").reads == ()
    assert analyze("UPDATE x SET a = y.a FROM t x JOIN t y ON x.p = y.id", dialect="tsql").reads == ("t",)
    assert analyze("DELETE FROM t WHERE id IN (SELECT id FROM t WHERE z = 1)", dialect="tsql").reads == ("t",)


def test_a_trigger_takes_inserted_for_its_own_table() -> None:
    sql = "CREATE TRIGGER tr ON dbo.orders AFTER INSERT AS INSERT INTO dbo.audit (id) SELECT id FROM inserted"
    assert flows(sql) == {"dbo.orders.id > dbo.audit.id identity"}
    assert analyze(sql, dialect="tsql").reads == ()


def test_a_broken_statement_costs_itself() -> None:
    sql = "INSERT INTO a SELECT x FROM b;\nSELEC y FRM c;\nINSERT INTO d SELECT z FROM e;"
    found = analyze(sql, dialect="postgres")
    assert (found.reads, found.writes) == (("b", "e"), ("a", "d"))
    assert [(problem.line, problem.message[:30]) for problem in found.errors] == [(2, "no statement starts like this:")]


def test_a_statement_without_a_tree_still_names_its_tables() -> None:
    found = analyze("INSERT INTO a SELECT x y z w FROM b JOIN c ON ((", dialect="tsql").statements[0]
    assert (found.degraded, found.reads, found.writes) == (True, ("b", "c"), ("a",))
    assert found.errors


def test_drops_and_renames_are_neither_read_nor_written() -> None:
    found = analyze("DROP TABLE a; EXEC sp_rename 'dbo.b', 'c'", dialect="tsql")
    assert (found.reads, found.writes) == ((), ())
    assert [s.drops for s in found.statements] == [("a",), ()]
    assert [s.renames for s in found.statements] == [(), (("dbo.b", "dbo.c"),)]


def test_a_cte_is_not_a_table() -> None:
    sql = "WITH c AS (SELECT id FROM t), d (k) AS (SELECT id FROM c) INSERT INTO u SELECT k FROM d"
    assert flows(sql, "postgres") == {"t.id > u.k identity"}
    assert analyze(sql, dialect="postgres").reads == ("t",)


def test_an_unknown_dialect_is_answered_with_the_known_ones() -> None:
    with pytest.raises(UnknownDialectError, match=r"Known dialects: .*tsql"):
        analyze("SELECT 1", dialect="klingon")


@pytest.mark.parametrize("sql", ["", "   \n", "-- nothing\n", "GO\nGO", ")))", "'"])
def test_nothing_is_no_error(sql: str) -> None:
    assert analyze(sql, dialect="tsql").statements == ()
