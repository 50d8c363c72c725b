"""The catalog: what the whole tree says of an object, whatever the order in which its files were read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lineage_core.link.catalog import Catalog
from lineage_core.link.lookup import Lookup

if TYPE_CHECKING:
    from conftest import Link, Tree


def columns(tree: Tree, name: str) -> list[str]:
    return [column.fact.name for column in tree.asset(name).columns]


def test_of_two_definers_the_last_path_wins(link: Link) -> None:
    files = {"b.sql": "CREATE TABLE t (b int)", "a.sql": "CREATE TABLE t (a int)"}
    tree = link(files)
    assert (tree.asset("dbo.t").path, tree.asset("dbo.t").paths) == ("b.sql", ["a.sql", "b.sql"])
    assert columns(tree, "dbo.t") == ["b"]
    assert [tree.nodes(path)["data_asset:dbo.t"].owned for path in ("a.sql", "b.sql")] == [False, True]
    assert [tree.rels(path, "DEFINES") for path in files] == [
        {f"file:{path} DEFINES data_asset:dbo.t"} for path in files
    ]
    assert tree.rels("a.sql", "CONTAINS") == set()
    assert columns(link({"a.sql": files["a.sql"]}), "dbo.t") == ["a"]


def test_in_one_file_the_last_definition_wins(link: Link) -> None:
    tree = link({"a.sql": "CREATE TABLE t (a int)\nGO\nDROP TABLE t\nGO\nCREATE TABLE t (b int)"})
    assert columns(tree, "dbo.t") == ["b"]


def test_a_view_over_a_table_of_the_same_name_takes_its_place(link: Link) -> None:
    tree = link({"a.sql": "CREATE TABLE t (a int)", "b.sql": "CREATE VIEW t AS SELECT x AS b FROM s"})
    assert (tree.asset("dbo.t").kind, columns(tree, "dbo.t")) == ("view", ["b"])


TREE = {
    "tables/orders.sql": "CREATE TABLE orders (id int PRIMARY KEY, cust int)",
    "tables/orders_more.sql": "ALTER TABLE dbo.orders ADD amount money",
    "tables/keys.sql": "ALTER TABLE orders ADD CONSTRAINT fk FOREIGN KEY (cust) REFERENCES cust (id)",
    "views/a.sql": "CREATE VIEW a AS SELECT * FROM orders",
    "views/b.sql": "CREATE VIEW b AS SELECT * FROM a",
    "views/z.sql": "CREATE VIEW a AS SELECT id, amount AS sum FROM orders",
    "procs/p.sql": "CREATE PROC p AS INSERT INTO report SELECT * FROM b",
    "procs/q.sql": "CREATE PROC q AS UPDATE s SET x = 1 EXEC p",
    "synonyms/s.sql": "CREATE SYNONYM s FOR orders",
    "triggers/t.sql": "CREATE TRIGGER t ON s AFTER INSERT AS INSERT log (id) SELECT id FROM inserted",
    "odd/use.sql": "USE other\nGO\nSELECT * INTO copy FROM main.dbo.orders",
}


@given(st.permutations(sorted(TREE)))
@settings(max_examples=15)
def test_the_order_of_reading_does_not_matter(link: Link, order: list[str]) -> None:
    expected, found = link(TREE, order=sorted(TREE)), link(TREE, order=order)
    assert {path: rows.digest for path, rows in found.rows.items()} == {
        path: rows.digest for path, rows in expected.rows.items()
    }


def test_alter_table_in_another_file_adds_its_columns(link: Link) -> None:
    tree = link({"a.sql": "ALTER TABLE dbo.t ADD c int, b int", "t.sql": "CREATE TABLE t (a int, b text)"})
    assert columns(tree, "dbo.t") == ["a", "b", "c"]
    assert tree.rels("a.sql", "CONTAINS") == {"data_asset:dbo.t CONTAINS column:dbo.t.c"}
    assert tree.nodes("a.sql")["column:dbo.t.c"].props == {"data_type": "int", "position": 3}
    assert tree.nodes("a.sql")["data_asset:dbo.t"].owned is False


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"a.sql": "ALTER TABLE t DROP COLUMN a"}, ["b"]),
        ({"a.sql": "EXEC sp_rename 'dbo.t.a', 'x', 'COLUMN'"}, ["x", "b"]),
        ({"a.sql": "ALTER TABLE t ADD c int", "b.sql": "ALTER TABLE t DROP COLUMN c"}, ["a", "b"]),
        ({"a.sql": "ALTER TABLE t DROP COLUMN c", "b.sql": "ALTER TABLE t ADD c int"}, ["a", "b", "c"]),
        ({"a.sql": "ALTER TABLE t ADD c int\nGO\nALTER TABLE t DROP COLUMN b"}, ["a", "c"]),
        ({"a.sql": "ALTER TABLE other ADD c int"}, ["a", "b"]),
        ({"a.sql": "CREATE SYNONYM s FOR t\nGO\nALTER TABLE s ADD c int"}, ["a", "b", "c"]),
    ],
)
def test_changes_apply_in_the_order_of_their_paths(link: Link, changes: dict[str, str], expected: list[str]) -> None:
    assert columns(link({"t.sql": "CREATE TABLE t (a int, b int)", **changes}), "dbo.t") == expected


def test_a_table_made_by_a_query_can_be_altered(link: Link) -> None:
    files = {
        "a.sql": "ALTER TABLE n ADD c int;",
        "n.sql": "CREATE TABLE n AS SELECT a, b FROM s;",
        "v.sql": "CREATE VIEW v AS SELECT * FROM n;",
    }
    tree = link(files, "postgres")
    assert (columns(tree, "public.n"), columns(tree, "public.v")) == (["a", "b", "c"], ["a", "b", "c"])


def test_what_is_added_to_unknown_columns_does_not_make_them_known(link: Link) -> None:
    files = {
        "a.sql": "ALTER TABLE n ADD c int;",
        "n.sql": "CREATE TABLE n AS SELECT * FROM unknown;",
        "v.sql": "CREATE VIEW v AS SELECT * FROM n;",
    }
    tree = link(files, "postgres")
    assert (columns(tree, "public.n"), columns(tree, "public.v")) == (["c"], [])
    assert tree.rels("v.sql", "FLOWS") == {"column:public.n.* identity column:public.v.*"}


def test_descriptions_come_from_any_file(link: Link) -> None:
    files = {
        "t.sql": "CREATE TABLE t (a int)",
        "z.sql": "EXEC sp_addextendedproperty 'MS_Description', 'A table', 'SCHEMA', 'dbo', 'TABLE', 't'\n"
        "EXEC sp_addextendedproperty 'MS_Description', 'A column', 'SCHEMA', 'dbo', 'TABLE', 't', 'COLUMN', 'a'",
    }
    tree = link(files)
    assert tree.nodes("t.sql")["data_asset:dbo.t"].props["description"] == "A table"
    assert tree.nodes("t.sql")["column:dbo.t.a"].props["description"] == "A column"


def test_a_key_added_elsewhere_marks_its_column(link: Link) -> None:
    tree = link({"t.sql": "CREATE TABLE t (a int)", "k.sql": "ALTER TABLE t ADD CONSTRAINT pk PRIMARY KEY (a)"})
    assert tree.nodes("t.sql")["column:dbo.t.a"].props == {
        "data_type": "int",
        "nullable": False,
        "is_primary_key": True,
        "position": 1,
    }


@pytest.mark.parametrize(
    ("files", "name", "expected"),
    [
        ({"t": "CREATE TABLE t (a int, b int)", "v": "CREATE VIEW v AS SELECT * FROM t"}, "dbo.v", ["a", "b"]),
        ({"t": "CREATE TABLE t (a int)", "v": "CREATE VIEW v AS SELECT *, 1 AS x FROM t", "w": "CREATE VIEW w AS SELECT * FROM v"}, "dbo.w", ["a", "x"]),
        ({"v": "CREATE VIEW v (p, q) AS SELECT a, b FROM s"}, "dbo.v", ["p", "q"]),
        ({"v": "CREATE VIEW v AS SELECT * FROM unknown"}, "dbo.v", []),
        ({"v": "CREATE VIEW v AS SELECT a FROM w", "w": "CREATE VIEW w AS SELECT b AS a FROM v"}, "dbo.v", ["a"]),
        ({"v": "CREATE VIEW v AS SELECT * FROM w", "w": "CREATE VIEW w AS SELECT * FROM v"}, "dbo.v", []),
        ({"v": "CREATE VIEW v AS SELECT * FROM v"}, "dbo.v", []),
        ({"t": "CREATE TABLE t (a int)", "s": "CREATE SYNONYM s FOR t", "v": "CREATE VIEW v AS SELECT * FROM s"}, "dbo.v", ["a"]),
        ({"t": "CREATE TABLE t (a int, b int)", "n": "SELECT b INTO n FROM t", "v": "CREATE VIEW v AS WITH c AS (SELECT * FROM t) SELECT b FROM c UNION SELECT 1"}, "dbo.v", ["b"]),
    ],
)  # fmt: skip
def test_columns_of_views(link: Link, files: dict[str, str], name: str, expected: list[str]) -> None:
    assert columns(link(files), name) == expected


def test_a_star_in_a_view_over_a_view_reaches_the_table(link: Link) -> None:
    tree = link(
        {
            "t.sql": "CREATE TABLE t ([A] int)",
            "v.sql": "CREATE VIEW v AS SELECT * FROM t",
            "w.sql": "CREATE VIEW w AS SELECT * FROM v",
        }
    )
    assert tree.rels("v.sql", "FLOWS") | tree.rels("w.sql", "FLOWS") == {
        "column:dbo.t.a identity column:dbo.v.a",
        "column:dbo.v.a identity column:dbo.w.a",
    }
    assert tree.nodes("w.sql")["column:dbo.w.a"].name == "A"


@pytest.mark.parametrize(
    ("synonyms", "target"),
    [
        (["CREATE SYNONYM s FOR dbo.t"], "data_asset:dbo.t"),
        (["CREATE SYNONYM s FOR r", "CREATE SYNONYM r FOR q", "CREATE SYNONYM q FOR t"], "data_asset:dbo.t"),
        (["CREATE SYNONYM s FOR srv.db.dbo.t"], "data_asset:srv%2Edb.dbo.t"),
    ],
)
def test_synonyms_are_followed(link: Link, synonyms: list[str], target: str) -> None:
    files = {f"{number}.sql": text for number, text in enumerate(synonyms)}
    tree = link({**files, "q.sql": "SELECT a FROM s"})
    assert tree.rels("q.sql", "READS_FROM") == {f"file:q.sql READS_FROM {target}"}


def test_synonyms_in_a_circle_stay_what_they_are(link: Link) -> None:
    tree = link({"a.sql": "CREATE SYNONYM s FOR r", "b.sql": "CREATE SYNONYM r FOR s", "q.sql": "SELECT a FROM s"})
    assert len(tree.rels("q.sql", "READS_FROM")) == 1


def test_a_synonym_of_a_procedure_is_called_through(link: Link) -> None:
    tree = link({"a.sql": "CREATE PROC p AS RETURN", "b.sql": "CREATE SYNONYM s FOR p", "c.sql": "EXEC s"})
    assert tree.rels("c.sql", "CALLS") == {"file:c.sql CALLS routine:dbo.p"}


@pytest.mark.parametrize(
    ("files", "written", "key"),
    [
        ({}, "t", "dbo.t"),
        ({}, "x.t", "x.t"),
        ({}, "d.x.t", "d.x.t"),
        ({}, "d..t", "d.dbo.t"),
        ({"a": "CREATE TABLE sales.t (a int)"}, "t", "sales.t"),
        ({"a": "CREATE TABLE sales.t (a int)", "b": "CREATE TABLE dbo.t (a int)"}, "t", "dbo.t"),
        ({"a": "CREATE TABLE sales.t (a int)", "b": "CREATE TABLE hr.t (a int)"}, "t", "dbo.t"),
        ({"a": "CREATE TABLE dbo.t (a int)"}, "db.dbo.t", "dbo.t"),
        ({"a": "USE db\nGO\nCREATE TABLE dbo.t (a int)"}, "dbo.t", "db.dbo.t"),
        ({"a": "USE db\nGO\nCREATE TABLE t (a int)"}, "t", "db.dbo.t"),
        ({"a": "USE db\nGO\nCREATE TABLE t (a int)", "b": "USE eb\nGO\nCREATE TABLE t (a int)"}, "t", "dbo.t"),
        ({"a": "USE db\nGO\nCREATE TABLE t (a int)"}, "eb.dbo.t", "eb.dbo.t"),
        ({"a": "CREATE TABLE dbo.t (a int)", "b": "USE eb\nGO\nCREATE TABLE u (a int)"}, "eb.dbo.t", "eb.dbo.t"),
        ({"a": "CREATE TABLE dbo.[a.b] (a int)"}, "[a.b]", "dbo.a%2Eb"),
    ],
)  # fmt: skip
def test_names_are_completed_by_the_tree(link: Link, files: dict[str, str], written: str, key: str) -> None:
    tree = link({**files, "q.sql": f"DELETE {written}"})
    assert tree.rels("q.sql", "WRITES_TO") == {f"file:q.sql WRITES_TO data_asset:{key}"}


def test_settings_complete_names(link: Link) -> None:
    tree = link({"q.sql": "DELETE t; DELETE x.t; DELETE e.x.t"}, database="d", schema="s")
    assert tree.rels("q.sql", "WRITES_TO") == {
        f"file:q.sql WRITES_TO data_asset:{key}" for key in ("d.s.t", "d.x.t", "e.x.t")
    }


def test_where_use_chooses_what_stands_before_the_dot(link: Link) -> None:
    tree = link({"t.sql": "USE shop; CREATE TABLE t (a int);", "q.sql": "DELETE FROM shop.t;"}, "mysql")
    assert tree.rels("q.sql", "WRITES_TO") == {"file:q.sql WRITES_TO data_asset:shop.t"}
    assert "data_asset:shop.t" in tree.nodes("t.sql")


def test_a_definition_is_never_looked_up(link: Link) -> None:
    tree = link({"a.sql": "CREATE TABLE sales.t (a int)", "b.sql": "CREATE TABLE t (b int)"})
    assert set(tree.nodes("b.sql", "DataAsset")) == {"data_asset:dbo.t"}


def test_postgres_names_keep_their_quoted_case(link: Link) -> None:
    tree = link({"a.sql": 'CREATE TABLE "T" (a int); CREATE TABLE t (b int); DELETE FROM "T"; TRUNCATE T'}, "postgres")
    assert {key.split("\x1f")[2] for key in tree.catalog.assets} == {"T", "t"}


def test_new_and_old_are_the_rows_of_the_only_table_that_fires_the_function(link: Link) -> None:
    function = (
        "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO l (a) VALUES (NEW.b); END $$;"
    )
    trigger = "CREATE TRIGGER tr AFTER INSERT ON s.{0} FOR EACH ROW EXECUTE FUNCTION f();"
    one = link({"f.sql": function, "t.sql": trigger.format("t")}, "postgres")
    assert one.rels("f.sql", "FLOWS") == {"column:s.t.b identity column:public.l.a"}
    two = link({"f.sql": function, "t.sql": trigger.format("t"), "u.sql": trigger.format("u")}, "postgres")
    assert (two.rels("f.sql", "FLOWS"), two.rows["f.sql"].file["unresolved"]) == (set(), 1)


def test_rows_of_a_trigger_have_the_names_it_gives_them_in_the_function_it_executes(link: Link) -> None:
    function = (
        "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO l (a) SELECT b FROM made; END $$;"
    )
    trigger = "CREATE TRIGGER tr AFTER INSERT ON {0} REFERENCING NEW TABLE AS made EXECUTE FUNCTION f();"
    one = link({"f.sql": function, "t.sql": trigger.format("s.t")}, "postgres")
    assert one.rels("f.sql", "FLOWS") == {"column:s.t.b identity column:public.l.a"}
    assert one.rels("f.sql", "READS_FROM") == set()
    none = link({"f.sql": function}, "postgres")
    assert none.rels("f.sql", "READS_FROM") == {"routine:public.f READS_FROM data_asset:public.made"}


def test_ownership(link: Link) -> None:
    tree = link(
        {"t.sql": "CREATE TABLE t (a int)", "p.sql": "CREATE PROC p AS INSERT t (a, z) SELECT x FROM ext EXEC q"}
    )
    owned = {name: row.owned for name, row in tree.nodes("p.sql").items() if not name.startswith("transformation")}
    assert owned == {
        "routine:dbo.p": True,
        "routine:dbo.q": True,
        "data_asset:dbo.t": False,
        "data_asset:dbo.ext": True,
        "column:dbo.t.a": False,
        "column:dbo.ext.x": True,
    }
    assert not any(row.props for row in tree.nodes("p.sql").values() if not row.owned)


def test_nodes_that_nobody_defines_are_the_same_in_every_file(link: Link) -> None:
    tree = link({"a.sql": "SELECT x FROM Ext EXEC Q", "b.sql": "INSERT n (y) SELECT X FROM EXT EXEC q"})
    first, second = tree.nodes("a.sql"), tree.nodes("b.sql")
    shared = set(first) & set(second)
    assert shared == {"data_asset:dbo.ext", "routine:dbo.q"}
    assert all(first[name] == second[name] for name in shared)


def test_the_catalog_survives_the_spool(link: Link) -> None:
    catalog = link(TREE).catalog
    again = Catalog.model_validate_json(catalog.model_dump_json())
    assert again.model_dump() == catalog.model_dump()
    assert Lookup(again).complete(("orders",), "", "dbo") == ("", "dbo", "orders")
