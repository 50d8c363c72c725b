"""ALTER TABLE, descriptions, renames, drops, indexes and other small objects."""

from __future__ import annotations

import pytest

from lineage_core.sql.ddl import Ddl, read_ddl
from lineage_core.sql.dialects import dialect
from lineage_core.sql.split import split


def read(text: str, name: str = "tsql") -> Ddl | None:
    """The facts of a text's only statement."""
    (item,) = [item for item in split(text, dialect(name)) if item.kind != "control"]
    return read_ddl(text, item.kind, dialect(name), 1)


def change(text: str, name: str = "tsql") -> tuple[str, list[str], list[str], list[tuple[str, str]]]:
    """The table of the only change: added, dropped and renamed columns."""
    found = read(text, name)
    assert found is not None
    (only,) = found.changes
    return only.table, [column.name for column in only.added], list(only.dropped), list(only.renamed)


@pytest.mark.parametrize(
    ("text", "name", "expected"),
    [
        ("ALTER TABLE [dbo].[t] ADD [a] int NULL", "tsql", ("dbo.t", ["a"], [], [])),
        ("ALTER TABLE t ADD a int, b AS (a + 1), CONSTRAINT d DEFAULT 0 FOR a", "tsql", ("t", ["a", "b"], [], [])),
        ("ALTER TABLE t DROP COLUMN a, b", "tsql", ("t", [], ["a", "b"], [])),
        ("ALTER TABLE t DROP COLUMN IF EXISTS a, COLUMN b, CONSTRAINT c", "tsql", ("t", [], ["a", "b"], [])),
        ("EXEC sp_rename 'dbo.t.a', 'b', 'COLUMN'", "tsql", ("dbo.t", [], [], [("a", "b")])),
        ("EXEC sp_rename @objname = N'[dbo].[t].[a b]', @newname = N'c', @objtype = 'COLUMN'", "tsql", ("dbo.t", [], [], [("a b", "c")])),
        ("ALTER TABLE IF EXISTS ONLY s.t ADD COLUMN IF NOT EXISTS a int, DROP COLUMN b CASCADE, ADD c text", "postgres", ("s.t", ["a", "c"], ["b"], [])),
        ("ALTER TABLE t RENAME COLUMN a TO b", "postgres", ("t", [], [], [("a", "b")])),
        ("ALTER TABLE t RENAME a TO b", "postgres", ("t", [], [], [("a", "b")])),
        ("ALTER TABLE t ADD (a NUMBER, b VARCHAR2(10))", "oracle", ("t", ["a", "b"], [], [])),
        ("ALTER TABLE t ADD a int AFTER b, ADD c int", "mysql", ("t", ["a", "c"], [], [])),
        ("ALTER TABLE t ADD COLUMNS (a int, b int)", "spark", ("t", ["a", "b"], [], [])),
    ],
)  # fmt: skip
def test_columns_that_change(
    text: str, name: str, expected: tuple[str, list[str], list[str], list[tuple[str, str]]]
) -> None:
    assert change(text, name) == expected


@pytest.mark.parametrize(
    ("text", "name", "expected"),
    [
        ("ALTER TABLE t WITH CHECK ADD CONSTRAINT [fk] FOREIGN KEY([a]) REFERENCES [dbo].[u] ([b])", "tsql", ("constraint t.fk", "t", "dbo.u")),
        ("ALTER TABLE t ADD CONSTRAINT pk PRIMARY KEY CLUSTERED (a)", "tsql", ("constraint t.pk", "t", "")),
        ("ALTER TABLE ONLY s.t ADD CONSTRAINT u UNIQUE (a)", "postgres", ("constraint s.t.u", "s.t", "")),
        ("ALTER TABLE t ADD FOREIGN KEY (a) REFERENCES u", "postgres", ("constraint t.t_a_fkey", "t", "u")),
        ("CREATE UNIQUE INDEX ix ON dbo.t ([a] DESC, b) INCLUDE (c) WHERE a > 0", "tsql", ("index dbo.t.ix", "dbo.t", "")),
        ("CREATE INDEX ON s.t USING btree (a, b)", "postgres", ("index s.t.t_a_b_idx", "s.t", "")),
        ("CREATE SYNONYM dbo.s FOR o.dbo.t", "tsql", ("synonym dbo.s", "", "")),
        ("CREATE SEQUENCE q AS int", "tsql", ("sequence q", "", "")),
        ("CREATE TYPE dbo.y AS TABLE (a int)", "tsql", ("type dbo.y", "", "")),
        ("CREATE INDEX i ON #t (a)", "tsql", None),
        ("ALTER TABLE t NOCHECK CONSTRAINT ALL", "tsql", None),
        ("ALTER TABLE t OWNER TO r", "postgres", None),
        ("ALTER TABLE t ALTER COLUMN a bigint NOT NULL", "tsql", None),
    ],
)  # fmt: skip
def test_objects(text: str, name: str, expected: tuple[str, str, str] | None) -> None:
    found = read(text, name)
    facts = found.objects if found is not None else ()
    assert [(f"{fact.kind} {fact.name}", fact.on, fact.references) for fact in facts] == (
        [expected] if expected else []
    )


def test_an_index_has_its_columns() -> None:
    found = read("CREATE INDEX i ON t ([a b] DESC, c)")
    assert found is not None
    assert [column.name for column in found.objects[0].columns] == ["a b", "c"]


@pytest.mark.parametrize(
    ("text", "name", "drops", "renames", "reads", "writes"),
    [
        ("DROP TABLE IF EXISTS a, dbo.[b c]", "tsql", ("a", "dbo.b c"), (), (), ()),
        ("DROP MATERIALIZED VIEW v CASCADE", "postgres", ("v",), (), (), ()),
        ("TRUNCATE TABLE dbo.t", "tsql", (), (), (), ("dbo.t",)),
        ("TRUNCATE a, ONLY b RESTART IDENTITY", "postgres", (), (), (), ("a", "b")),
        ("EXEC sp_rename 'dbo.a', 'b'", "tsql", (), (("dbo.a", "dbo.b"),), (), ()),
        ("EXEC sp_rename 'dbo.a.i', 'j', 'INDEX'", "tsql", (), (), (), ()),
        ("ALTER TABLE s.a RENAME TO b", "postgres", (), (("s.a", "s.b"),), (), ()),
        ("RENAME TABLE a TO b, s.c TO d", "mysql", (), (("a", "b"), ("s.c", "s.d")), (), ()),
        ("ALTER TABLE a SWITCH PARTITION 1 TO b PARTITION 1", "tsql", (), (), ("a",), ("b",)),
        ("ALTER TABLE a SWAP WITH b", "snowflake", (), (), ("b",), ("a",)),
        ("ALTER TABLE a EXCHANGE PARTITION p WITH TABLE b", "mysql", (), (), ("b",), ("a",)),
    ],
)
def test_tables_that_move(
    text: str,
    name: str,
    drops: tuple[str, ...],
    renames: tuple[tuple[str, str], ...],
    reads: tuple[str, ...],
    writes: tuple[str, ...],
) -> None:
    found = read(text, name)
    assert found is not None
    assert (found.drops, found.renames, found.reads, found.writes) == (drops, renames, reads, writes)


@pytest.mark.parametrize("text", ["DROP PROCEDURE p", "DROP INDEX i ON t", "EXEC dbo.p 'x'"])
def test_what_says_nothing(text: str) -> None:
    assert read(text) is None


@pytest.mark.parametrize(
    ("text", "name", "table", "described"),
    [
        ("COMMENT ON TABLE s.t IS 'it''s'", "postgres", "s.t", "it's"),
        ("COMMENT ON VIEW v IS 'x'", "postgres", "v", "x"),
        ("COMMENT ON COLUMN s.t.c IS 'x'", "postgres", "s.t", {"c": "x"}),
        ("COMMENT ON TABLE t IS NULL", "postgres", "t", ""),
        ("EXEC sys.sp_addextendedproperty @name=N'MS_Description', @value=N'x', @level0type=N'SCHEMA', @level0name=N'dbo', "
         "@level1type=N'TABLE', @level1name=N'T', @level2type=N'COLUMN', @level2name=N'C d'", "tsql", "dbo.t", {"c d": "x"}),
        ("EXEC sp_addextendedproperty 'MS_Description', 'x', 'SCHEMA', 'dbo', 'VIEW', 'v'", "tsql", "dbo.v", "x"),
        ("EXEC sp_updateextendedproperty 'MS_Description', N'y', 'SCHEMA', dbo, 'TABLE', t", "tsql", "dbo.t", "y"),
    ],
)  # fmt: skip
def test_descriptions(text: str, name: str, table: str, described: str | dict[str, str]) -> None:
    found = read(text, name)
    assert found is not None
    (only,) = found.changes
    assert (only.table, only.column_descriptions or only.description) == (table, described)
