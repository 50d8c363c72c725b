"""One file's rows: each kind of node and relationship from a small script, unique, sorted, owned and validated."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from lineage_core.link.graph_file import digest_of

if TYPE_CHECKING:
    from conftest import Link

FILE = "file:a.sql"


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("CREATE TABLE dbo.t (a int)", f"{FILE} DEFINES data_asset:dbo.t"),
        ("CREATE TABLE t (a int)", f"{FILE} DEFINES data_asset:dbo.t"),
        ("CREATE VIEW v AS SELECT a FROM t", f"{FILE} DEFINES data_asset:dbo.v"),
        ("CREATE PROC p AS SELECT 1", f"{FILE} DEFINES routine:dbo.p"),
        ("CREATE FUNCTION f() RETURNS int AS BEGIN RETURN 1 END", f"{FILE} DEFINES routine:dbo.f"),
        ("CREATE TRIGGER tr ON t AFTER INSERT AS RETURN", f"{FILE} DEFINES trigger:dbo.tr"),
        ("CREATE SYNONYM s FOR t", f"{FILE} DEFINES synonym:dbo.s"),
        ("CREATE INDEX i ON t (a)", f"{FILE} DEFINES index:dbo.t.i"),
        ("ALTER TABLE t ADD CONSTRAINT c UNIQUE (a)", f"{FILE} DEFINES constraint:dbo.t.c"),
        ("CREATE TABLE t (a int)", "data_asset:dbo.t CONTAINS column:dbo.t.a"),
        ("INSERT INTO t (a) SELECT b FROM s", "data_asset:dbo.s CONTAINS column:dbo.s.b"),
        ("SELECT a FROM s", f"{FILE} READS_FROM data_asset:dbo.s"),
        ("CREATE PROC p AS SELECT a FROM s", "routine:dbo.p READS_FROM data_asset:dbo.s"),
        ("CREATE VIEW v AS SELECT a FROM s", "data_asset:dbo.v READS_FROM data_asset:dbo.s"),
        ("CREATE TRIGGER tr ON t AFTER INSERT AS SELECT a FROM s", "trigger:dbo.tr READS_FROM data_asset:dbo.s"),
        ("DELETE t", f"{FILE} WRITES_TO data_asset:dbo.t"),
        ("CREATE PROC p AS TRUNCATE TABLE t", "routine:dbo.p WRITES_TO data_asset:dbo.t"),
        ("CREATE TRIGGER tr ON t AFTER INSERT AS DELETE l", "trigger:dbo.tr WRITES_TO data_asset:dbo.l"),
        ("INSERT INTO t (a) SELECT b FROM s", "data_asset:dbo.t DERIVES data_asset:dbo.s"),
        ("CREATE VIEW v AS SELECT a FROM s", "data_asset:dbo.v DERIVES data_asset:dbo.s"),
        ("SELECT a INTO t FROM s", "data_asset:dbo.t DERIVES data_asset:dbo.s"),
        ("UPDATE t SET a = s.b FROM s", "data_asset:dbo.t DERIVES data_asset:dbo.s"),
        ("MERGE t USING s ON t.i = s.i WHEN MATCHED THEN DELETE;", "data_asset:dbo.t DERIVES data_asset:dbo.s"),
        ("SELECT a INTO #t FROM s; INSERT o (x) SELECT a FROM #t", "data_asset:dbo.o DERIVES data_asset:dbo.s"),
        ("CREATE TRIGGER tr ON t AFTER INSERT AS INSERT l (a) SELECT a FROM inserted", "data_asset:dbo.l DERIVES data_asset:dbo.t"),
        ("INSERT INTO t (a) SELECT b FROM s", "column:dbo.s.b identity column:dbo.t.a"),
        ("INSERT INTO t (a) SELECT sum(b) FROM s", "column:dbo.s.b aggregation column:dbo.t.a"),
        ("INSERT INTO t (a) SELECT count(*) FROM s", "column:dbo.s.* aggregation column:dbo.t.a"),
        ("INSERT INTO t (a) SELECT b FROM s WHERE c = 1", "column:dbo.s.c filter column:dbo.t.*"),
        ("CREATE TABLE t (a int, b AS (a * 2))", "column:dbo.t.a transformation column:dbo.t.b"),
        ("CREATE PROC p AS EXEC q", "routine:dbo.p CALLS routine:dbo.q"),
        ("EXEC s.q", f"{FILE} CALLS routine:s.q"),
        ("CREATE VIEW v AS SELECT dbo.f(a) AS b FROM s", "data_asset:dbo.v CALLS routine:dbo.f"),
        ("CREATE TRIGGER tr ON t AFTER INSERT AS RETURN", "trigger:dbo.tr ATTACHED_TO data_asset:dbo.t"),
        ("CREATE SYNONYM s FOR o.dbo.t", "synonym:dbo.s ALIAS_OF data_asset:o.dbo.t"),
        ("CREATE PROC p AS RETURN\nGO\nCREATE SYNONYM s FOR p", "synonym:dbo.s ALIAS_OF routine:dbo.p"),
        ("CREATE TABLE t (a int REFERENCES u (x))", "data_asset:dbo.t REFERENCES data_asset:dbo.u"),
        ("ALTER TABLE t ADD FOREIGN KEY (a) REFERENCES u", "data_asset:dbo.t REFERENCES data_asset:dbo.u"),
        ("CREATE INDEX i ON t (a)", "index:dbo.t.i BELONGS_TO data_asset:dbo.t"),
        ("CREATE TABLE t (a int PRIMARY KEY)", "constraint:dbo.t.t_pkey BELONGS_TO data_asset:dbo.t"),
    ],
)  # fmt: skip
def test_relationships(link: Link, sql: str, expected: str) -> None:
    assert expected in link({"a.sql": sql}).rels()


@pytest.mark.parametrize(
    ("sql", "unexpected"),
    [
        ("CREATE VIEW v AS SELECT a FROM s", "WRITES_TO"),
        ("CREATE TABLE t (a int REFERENCES u)", "READS_FROM"),
        ("DROP TABLE t", "WRITES_TO"),
        ("SELECT a INTO #t FROM s", "WRITES_TO"),
        ("CREATE TRIGGER tr ON t AFTER INSERT AS INSERT l (a) SELECT a FROM inserted", "READS_FROM"),
        ("UPDATE t SET a = 1 WHERE b = 2", "DERIVES"),
    ],
)
def test_what_is_not_said(link: Link, sql: str, unexpected: str) -> None:
    assert not link({"a.sql": sql}).rels("a.sql", unexpected)


def test_each_target_derives_from_its_own_sources(link: Link) -> None:
    sql = "INSERT t (a) OUTPUT inserted.a INTO l (x) SELECT b FROM s"
    assert link({"a.sql": sql}).rels("a.sql", "DERIVES") == {
        "data_asset:dbo.t DERIVES data_asset:dbo.s",
        "data_asset:dbo.l DERIVES data_asset:dbo.t",
    }


@pytest.mark.parametrize(
    ("sql", "node", "name", "props"),
    [
        ("CREATE TABLE [dbo].[My T] (a int)", "data_asset:dbo.my%20t", "My T", {"schema": "dbo", "external_ref": False}),
        ("SELECT a FROM db.s.t", "data_asset:db.s.t", "t", {"database": "db", "schema": "s", "external_ref": True}),
        ("CREATE PROC [Load It] AS RETURN", "routine:dbo.load%20it", "Load It", {"schema": "dbo", "subtype": "procedure", "external_ref": False}),
        ("CREATE FUNCTION f() RETURNS int AS BEGIN RETURN 1 END", "routine:dbo.f", "f", {"schema": "dbo", "subtype": "function", "external_ref": False}),
        ("EXEC dbo.q", "routine:dbo.q", "q", {"schema": "dbo", "external_ref": True}),
        ("CREATE TABLE t ([A b] decimal(9, 2) NOT NULL)", "column:dbo.t.a%20b", "A b", {"data_type": "decimal(9,2)", "nullable": False, "position": 1}),
        ("CREATE TABLE t (a int PRIMARY KEY)", "column:dbo.t.a", "a", {"data_type": "int", "nullable": False, "is_primary_key": True, "position": 1}),
        ("CREATE TABLE t (a int)\nGO\nALTER TABLE t ADD FOREIGN KEY (a) REFERENCES u", "column:dbo.t.a", "a", {"data_type": "int", "is_foreign_key": True, "position": 1}),
        ("CREATE SYNONYM s FOR o.dbo.t", "synonym:dbo.s", "s", {"schema": "dbo", "definition": "o.dbo.t"}),
        ("CREATE INDEX i ON t (a)", "index:dbo.t.i", "i", {"schema": "dbo", "definition": "CREATE INDEX i ON t (a)"}),
    ],
)  # fmt: skip
def test_nodes(link: Link, sql: str, node: str, name: str, props: dict[str, object]) -> None:
    row = link({"a.sql": sql}).nodes("a.sql")[node]
    assert (row.name, row.props, row.owned) == (name, props, True)


@pytest.mark.parametrize(
    ("sql", "node", "sublabel"),
    [
        ("CREATE TABLE t (a int)", "data_asset:dbo.t", "Table"),
        ("CREATE VIEW v AS SELECT 1 AS a", "data_asset:dbo.v", "View"),
        ("SELECT a FROM x", "data_asset:dbo.x", ""),
    ],
)
def test_what_an_asset_is(link: Link, sql: str, node: str, sublabel: str) -> None:
    assert link({"a.sql": sql}).nodes("a.sql")[node].sublabel == sublabel


def test_a_transformation_says_how_and_by_what(link: Link) -> None:
    rows = link({"a.sql": "CREATE PROC p AS INSERT t (a, b) SELECT x + 1, y FROM s"}).rows["a.sql"]
    steps = [row for row in rows.nodes if row.label == "Transformation"]
    assert sorted((row.props["logic"], row.props["kind"]) for row in steps) == [("s.y", "insert"), ("x + 1", "insert")]


LARGE = """CREATE TABLE t (a int PRIMARY KEY, b int)
GO
CREATE PROC p AS
INSERT t (a) SELECT x FROM s
INSERT t (a) SELECT x FROM s
INSERT t (b) SELECT y FROM s WHERE x = 1
EXEC q EXEC q
GO
CREATE VIEW v AS SELECT a, b FROM t
GO"""


def test_rows_are_unique_and_sorted(link: Link) -> None:
    rows = link({"a.sql": LARGE}).rows["a.sql"]
    for keys in ([row.key for row in rows.nodes], [row.key for row in rows.rels]):
        assert keys == sorted(set(keys))
    ends = {row.id for row in rows.nodes} | {"urn:li:file:p:a.sql"}
    assert all(row.start in ends and row.end in ends for row in rows.rels)


def test_of_equal_relationships_the_first_line_stays(link: Link) -> None:
    rows = link({"a.sql": LARGE}).rows["a.sql"]
    assert {row.line for row in rows.rels if row.type in {"CALLS", "WRITES_TO"}} == {1, 4, 7}


def test_direct_flow_is_stronger_than_influence(link: Link) -> None:
    tree = link({"a.sql": "INSERT t (a) SELECT CASE WHEN x = 1 THEN x END FROM s"})
    assert tree.rels("a.sql", "FLOWS") == {"column:dbo.s.x transformation column:dbo.t.a"}


def test_what_was_read_from_tokens_is_trusted_half(link: Link) -> None:
    rows = link({"a.sql": "INSERT INTO t SELECT x y z FROM s JOIN (("}).rows["a.sql"]
    assert {row.type: row.confidence for row in rows.rels} == {"READS_FROM": 0.5, "WRITES_TO": 0.5, "DERIVES": 0.5}


def test_a_column_that_its_table_does_not_list_is_trusted_half(link: Link) -> None:
    rows = link({"a.sql": "CREATE TABLE s (a int)\nGO\nINSERT t (p, q) SELECT a, old FROM s"}).rows["a.sql"]
    trust = {row.end.rpartition(":")[2]: row.confidence for row in rows.rels if row.type == "CONTAINS"}
    assert trust == {"dbo.s.a": 1.0, "dbo.s.old": 0.5, "dbo.t.p": 1.0, "dbo.t.q": 1.0}


def test_columns_of_nobody_knows_which_table_are_counted(link: Link) -> None:
    tree = link({"a.sql": "INSERT t (a, b) SELECT x, s.y FROM s JOIN u ON s.i = u.i; SELECT z FROM s, u"})
    assert tree.rows["a.sql"].file["unresolved"] == 1
    assert tree.rels("a.sql", "FLOWS") >= {"column:dbo.s.y identity column:dbo.t.b"}


def test_rows_that_neo4j_would_refuse_are_rejected_with_what_hangs_on_them(link: Link) -> None:
    tree = link({"a.sql": "CREATE TABLE [a\x00b] (c int)\nGO\nSELECT d FROM good"})
    rows = tree.rows["a.sql"]
    assert rows.rejected
    assert all(reason for _, reason in rows.rejected)
    json.dumps(rows.rejected)
    assert tree.rels("a.sql", "READS_FROM") == {f"{FILE} READS_FROM data_asset:dbo.good"}


def test_a_failed_file_has_no_rows(link: Link) -> None:
    rows = link({"a.sql": "CREATE TABLE t (a int)"}, failed=["a.sql"]).rows["a.sql"]
    assert (rows.nodes, rows.rels, rows.file["unresolved"]) == ([], [], 0)
    assert rows.digest


def test_names_are_nfc_and_ids_bounded(link: Link) -> None:
    tree = link({"a.sql": f"TRUNCATE TABLE [Cafe\u0301]; TRUNCATE TABLE [{'x' * 9_000}]"})
    ids = [row.id for row in tree.rows["a.sql"].nodes]
    assert "urn:li:data_asset:p:dbo.caf\u00e9" in ids
    assert max(map(len, ids)) < 8_000
    assert not tree.rows["a.sql"].rejected


def test_the_digest_does_not_depend_on_the_process(link: Link) -> None:
    sql = LARGE.replace("\n", "\\n")
    code = (
        "from lineage_core.link.build import build_catalog; from lineage_core.link.naming import Naming;"
        "from lineage_core.link.rows import FileInfo, link_file; from lineage_core.model.files import FileStatus;"
        "from lineage_core.sql.dialects import dialect; from lineage_core.sql.parse import parse_text;"
        f"f = parse_text('{sql}', 'tsql'); n = Naming(dialect('tsql')); c = build_catalog([('a.sql', f)], lambda *_: n);"
        "print(link_file(FileInfo('a.sql', FileStatus.OK, {'path': 'a.sql'}), f, c, n, 'p').digest)"
    )
    digests = {
        subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True, env={"PYTHONHASHSEED": seed}
        ).stdout.strip()
        for seed in ("1", "2")
    }
    assert digests == {link({"a.sql": LARGE}).rows["a.sql"].digest}


def test_the_digest_does_not_depend_on_the_order_of_properties(link: Link) -> None:
    rows = link({"a.sql": LARGE}).rows["a.sql"]
    backwards = dict(reversed([*rows.file.items(), ("size", 1)]))
    assert digest_of({**rows.file, "size": 1}, rows.nodes, rows.rels) == digest_of(backwards, rows.nodes, rows.rels)
    assert digest_of({**rows.file, "size": 2}, rows.nodes, rows.rels) != digest_of(backwards, rows.nodes, rows.rels)


def test_names_mean_the_database_in_use(link: Link) -> None:
    sql = "USE a\nGO\nSELECT x INTO t FROM s\nGO\nUSE b\nGO\nSELECT x INTO t FROM s"
    assert link({"a.sql": sql}).rels("a.sql", "DERIVES") == {
        "data_asset:a.dbo.t DERIVES data_asset:a.dbo.s",
        "data_asset:b.dbo.t DERIVES data_asset:b.dbo.s",
    }


def test_columns_are_looked_up_in_the_database_in_use(link: Link) -> None:
    table = "USE {0}\nGO\nCREATE TABLE s ({0}1 int)\nGO\n"
    sql = "USE a\nGO\nINSERT t SELECT * FROM s\nGO\nUSE b\nGO\nINSERT t SELECT * FROM s"
    tree = link({"0.sql": table.format("a") + table.format("b"), "a.sql": sql})
    assert tree.rels("a.sql", "FLOWS") == {
        "column:a.dbo.s.a1 identity column:a.dbo.t.a1",
        "column:b.dbo.s.b1 identity column:b.dbo.t.b1",
    }
