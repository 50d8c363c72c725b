"""Strategies for SQL statements over few names, so that files keep meeting each other's objects."""

from __future__ import annotations

import string
from typing import TYPE_CHECKING

from hypothesis import strategies as st

if TYPE_CHECKING:
    from collections.abc import Sequence

OBJECTS = ("orders", "items", "people", "totals")
"""Tables, views and synonyms share them: what a name is may change."""

COLUMNS = ("id", "amount", "city", "größe")
ROUTINES = ("load_all", "refresh", "collect")
PARTS = ("part_a", "part_b")
"""Indexes, constraints and triggers."""

_QUALIFIED = ("{}", "dbo.{}", "{}", "dbo.{}", "[dbo].[{}]", "crm.dbo.{}", "sales.{}", "crm..{}")
"""How an object is named: most often as most files do."""

TSQL = (
    "CREATE TABLE {o0} ({c0} int NOT NULL PRIMARY KEY, {c1} varchar(9), {c2} money)",
    "CREATE TABLE {o0} ({c0} int, {c1} AS ({c0} * 2))",
    "CREATE TABLE {o0} ({c0} int IDENTITY, {c1} int CONSTRAINT {x0} FOREIGN KEY REFERENCES {o1} ({c2}))",
    "CREATE VIEW {o0} AS SELECT * FROM {o1}",
    "CREATE VIEW {o0} AS SELECT x.*, y.{c0} FROM {o1} AS x JOIN {o2} AS y ON x.{c1} = y.{c1}",
    "CREATE VIEW {o0} AS SELECT {c0}, {c1} AS {c2} FROM {o1}, {o2} WHERE {c3} > 1",
    "CREATE VIEW {o0} ({c0}, {c1}) AS SELECT {c0}, {c1} FROM {o1} UNION ALL SELECT * FROM {o2}",
    "CREATE VIEW {o0} AS WITH q AS (SELECT * FROM {o1}) SELECT {c0}, count(*) AS {c1} FROM q GROUP BY {c0}",
    "CREATE PROCEDURE {p0} AS SELECT * INTO #w FROM {o0}; INSERT INTO {o1} SELECT * FROM #w; EXEC {p1}",
    "CREATE PROCEDURE {p0} AS INSERT INTO {o0} ({c0}, {c1}) SELECT {c1}, x.{c2} FROM {o1} AS x, {o2}",
    "CREATE PROCEDURE {p0} AS UPDATE t SET {c0} = s.{c1} FROM {o0} AS t JOIN {o1} AS s ON s.{c2} = t.{c2}",
    "CREATE PROCEDURE {p0} AS SELECT {c0}, {c1} FROM {o0}",
    "CREATE PROCEDURE {p0} AS CREATE TABLE #w ({c0} int, {c1} int); EXEC {p1}; INSERT INTO {o0} SELECT * FROM #w",
    "CREATE PROCEDURE {p0} AS INSERT INTO #w ({c0}, {c1}) SELECT {c0}, {c2} FROM {o0}",
    "CREATE FUNCTION {p0} (@x int) RETURNS TABLE AS RETURN SELECT * FROM {o0} WHERE {c0} = @x",
    "CREATE FUNCTION {p0} (@x int) RETURNS TABLE AS RETURN SELECT f.{c0}, y.{c1} FROM {p1}(@x) AS f, {o0} AS y",
    "CREATE FUNCTION {p0} () RETURNS @r TABLE ({c0} int, {c1} int) AS BEGIN INSERT @r SELECT * FROM {o0}; RETURN END",
    "CREATE TRIGGER {x0} ON {o0} AFTER INSERT AS INSERT INTO {o1} ({c0}, {c1}) SELECT {c0}, {c2} FROM inserted",
    "CREATE SYNONYM {o0} FOR {o1}",
    "CREATE INDEX {x0} ON {o0} ({c0}, {c1})",
    "ALTER TABLE {o0} ADD {c0} int",
    "ALTER TABLE {o0} DROP COLUMN {c0}",
    "ALTER TABLE {o0} ADD CONSTRAINT {x0} PRIMARY KEY ({c0})",
    "ALTER TABLE {o0} ADD CONSTRAINT {x0} FOREIGN KEY ({c0}) REFERENCES {o1} ({c1})",
    "EXEC sp_rename '{o0}.{c0}', '{c1}', 'COLUMN'",
    "EXEC sp_addextendedproperty 'MS_Description', 'what it is', 'SCHEMA', 'dbo', 'TABLE', '{n0}', 'COLUMN', '{c0}'",
    "INSERT INTO {o0} SELECT * FROM {o1}",
    "INSERT INTO {o0} ({c0}) SELECT {c1} FROM {p0}(1)",
    "INSERT INTO {o0} ({c0}, {c1}) EXEC {p0}",
    "CREATE VIEW {o0} AS SELECT f.* FROM {p0}(1) AS f",
    "SELECT {c0}, * INTO {o0} FROM {o1}",
    "MERGE INTO {o0} AS t USING {o1} AS s ON t.{c0} = s.{c0} WHEN MATCHED THEN UPDATE SET {c1} = s.{c2};",
    "DELETE FROM {o0} WHERE {c0} IN (SELECT {c1} FROM {o1})",
    "USE crm",
    "USE mart",
)

POSTGRES = (
    "CREATE TABLE {n0} ({c0} integer PRIMARY KEY, {c1} text REFERENCES {n1} ({c2}));",
    "CREATE TABLE {n0} AS SELECT * FROM {n1};",
    "CREATE VIEW {n0} AS SELECT x.*, {c0} FROM {n1} AS x JOIN {n2} USING ({c1});",
    "CREATE MATERIALIZED VIEW {n0} AS SELECT {c0}, {c1} FROM {n1};",
    "CREATE FUNCTION {p0}() RETURNS trigger AS $$ BEGIN INSERT INTO {n0} VALUES (NEW.{c0}, NEW.{c1}); RETURN NEW; "
    "END $$ LANGUAGE plpgsql;",
    "CREATE FUNCTION {p0}() RETURNS TABLE ({c0} int, {c1} int) AS $$ SELECT {c1}, {c0} FROM {n0} $$ LANGUAGE sql;",
    "CREATE VIEW {n0} AS SELECT * FROM {p0}();",
    "CREATE TRIGGER {x0} AFTER INSERT ON {n0} FOR EACH ROW EXECUTE FUNCTION {p0}();",
    "COMMENT ON COLUMN {n0}.{c0} IS 'what it is';",
    "ALTER TABLE {n0} ADD COLUMN {c0} integer;",
    "ALTER TABLE {n0} RENAME COLUMN {c0} TO {c1};",
    "INSERT INTO public.{n0} ({c0}) SELECT {c1} FROM {n1};",
    "CREATE INDEX {x0} ON {n0} ({c0});",
)

BROKEN = ("SELECT FROM WHERE (;", "CREATE VIEW {o0} AS SELECT FROM WHERE (;", "INSERT INTO {o0} SELECT ) FROM {o1} (;")


@st.composite
def statements(draw: st.DrawFn, templates: Sequence[str] = TSQL) -> str:
    """One statement."""
    template = draw(st.sampled_from(templates))
    fields = sorted({name for _, name, _, _ in string.Formatter().parse(template) if name})
    return template.format(**{name: draw(_KINDS[name[0]]) for name in fields})


def texts(templates: Sequence[str] = TSQL) -> st.SearchStrategy[list[str]]:
    """The statements of a file."""
    return st.lists(statements(templates), min_size=1, max_size=3)


@st.composite
def _names(draw: st.DrawFn) -> str:
    name = draw(st.sampled_from(OBJECTS))
    form = draw(st.sampled_from(_QUALIFIED))
    return form.format(name.title() if "[" in form else name)


_KINDS: dict[str, st.SearchStrategy[str]] = {
    "o": _names(),
    "n": st.sampled_from(OBJECTS),
    "c": st.sampled_from(COLUMNS),
    "p": st.sampled_from(ROUTINES),
    "x": st.sampled_from(PARTS),
}
"""First letter of a place in a template -> what stands there."""
