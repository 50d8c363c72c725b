"""What routines hand on over the files of a tree: rows they return, temp tables that a caller lends them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lineage_core.link.build import build_catalog, catalog_of
from lineage_core.link.catalog import StoredCatalog
from lineage_core.link.definitions import definitions_of, pack, unpack
from lineage_core.link.naming import Naming
from lineage_core.sql.dialects import dialect
from lineage_core.sql.parse import parse_text

if TYPE_CHECKING:
    from tests.lineage_core.link.conftest import Link

INLINE = "CREATE FUNCTION dbo.f(@a int) RETURNS TABLE AS RETURN (SELECT s.x, s.y AS z FROM s WHERE s.k = @a)"
FILLED = """CREATE FUNCTION dbo.g() RETURNS @r TABLE (p int, q int) AS
BEGIN
  INSERT INTO @r SELECT s.x, MAX(s.y) FROM s GROUP BY s.x
  RETURN
END"""


def test_an_inline_function_is_seen_through(link: Link) -> None:
    tree = link({"f.sql": INLINE, "t.sql": "INSERT INTO t (a, b) SELECT f.x, f.z FROM dbo.f(1) f"})
    assert tree.rels("t.sql", "FLOWS") == {
        "column:dbo.s.x identity column:dbo.t.a",
        "column:dbo.s.y identity column:dbo.t.b",
        "column:dbo.s.k filter column:dbo.t.*",
    }
    assert "data_asset:dbo.t DERIVES data_asset:dbo.s" in tree.rels("t.sql")


def test_a_function_that_fills_a_table_variable_is_seen_through(link: Link) -> None:
    tree = link({"g.sql": FILLED, "t.sql": "INSERT INTO t (a, b) SELECT g.p, g.q FROM dbo.g() g"})
    assert tree.rels("t.sql", "FLOWS") == {
        "column:dbo.s.x identity column:dbo.t.a",
        "column:dbo.s.y aggregation column:dbo.t.b",
        "column:dbo.s.x group_by column:dbo.t.*",
    }


def test_a_view_over_a_function_has_its_columns(link: Link) -> None:
    tree = link({"a.sql": "CREATE VIEW v AS SELECT * FROM dbo.f(1)", "f.sql": INLINE})
    assert tree.asset("dbo.v").column_names == ("x", "z")


def test_the_names_in_a_function_are_those_of_its_own_file(link: Link) -> None:
    function = "USE other\nGO\nCREATE FUNCTION dbo.f() RETURNS TABLE AS RETURN (SELECT s.x FROM s)"
    tree = link({"f.sql": function, "t.sql": "INSERT INTO t (a) SELECT f.x FROM other.dbo.f() f"}, database="db")
    assert tree.rels("t.sql", "FLOWS") == {"column:other.dbo.s.x identity column:db.dbo.t.a"}


def test_a_procedures_rows_reach_the_target_of_insert_exec(link: Link) -> None:
    files = {"p.sql": "CREATE PROCEDURE dbo.p AS SELECT s.x, s.y FROM s", "t.sql": "INSERT INTO t (a, b) EXEC dbo.p"}
    tree = link(files)
    assert tree.rels("t.sql", "FLOWS") == {
        "column:dbo.s.x identity column:dbo.t.a",
        "column:dbo.s.y identity column:dbo.t.b",
    }


def test_a_temp_table_is_followed_through_a_call(link: Link) -> None:
    files = {
        "callee.sql": "CREATE PROCEDURE dbo.callee AS INSERT INTO t (a) SELECT x.a FROM #x x",
        "caller.sql": "CREATE PROCEDURE dbo.caller AS SELECT s.b AS a INTO #x FROM s EXEC dbo.callee",
    }
    tree = link(files)
    assert tree.rels("caller.sql", "FLOWS") == {"column:dbo.s.b identity column:dbo.t.a"}


def test_a_temp_table_is_followed_through_two_calls(link: Link) -> None:
    files = {
        "a.sql": "CREATE PROCEDURE dbo.a AS CREATE TABLE #x (v int) EXEC dbo.b INSERT INTO t (v) SELECT v FROM #x",
        "b.sql": "CREATE PROCEDURE dbo.b AS EXEC dbo.c",
        "c.sql": "CREATE PROCEDURE dbo.c AS INSERT INTO #x (v) SELECT s.w FROM s",
    }
    assert "column:dbo.s.w identity column:dbo.t.v" in link(files).rels("a.sql", "FLOWS")


def test_routines_that_call_each_other_hand_on_what_they_have(link: Link) -> None:
    files = {
        "a.sql": "CREATE FUNCTION dbo.a() RETURNS TABLE AS RETURN (SELECT x FROM dbo.b() UNION ALL SELECT s.x FROM s)",
        "b.sql": "CREATE FUNCTION dbo.b() RETURNS TABLE AS RETURN (SELECT x FROM dbo.a())",
        "t.sql": "INSERT INTO t (x) SELECT a.x FROM dbo.a() a",
    }
    assert "column:dbo.s.x identity column:dbo.t.x" in link(files).rels("t.sql", "FLOWS")


def test_definitions_and_the_spool_keep_what_is_handed_on() -> None:
    naming = Naming(dialect("tsql"))
    facts = [("f.sql", parse_text(f"{INLINE}\nGO\n{FILLED}", "tsql"))]
    catalog = build_catalog(facts, lambda *_: naming)
    kept = [(path, unpack(pack(definitions_of(path, item)))) for path, item in facts]
    again = catalog_of([(path, found) for path, found in kept if found], lambda *_: naming)
    assert again.model_dump() == catalog.model_dump()
    texts = [part.model_dump_json(exclude_defaults=True) for part in StoredCatalog.divided(catalog)]
    stored = StoredCatalog.joined(StoredCatalog.model_validate_json(text) for text in texts)
    assert {**stored.routines} == catalog.routines
    assert all(routine.handed is not None for routine in catalog.routines.values())
