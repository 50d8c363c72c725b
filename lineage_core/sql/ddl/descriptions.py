"""Descriptions: COMMENT ON, and the system procedures of T-SQL that describe or rename."""

from __future__ import annotations

from lineage_core.model.facts import TableChange
from lineage_core.sql.ddl.alter_table import qualified_like
from lineage_core.sql.ddl.items import Ddl, Reader
from lineage_core.sql.lexer import STRING, VARIABLE
from lineage_core.sql.names import join_parts, split_normalised

_LEVELS = ("name", "value", "level0type", "level0name", "level1type", "level1name", "level2type", "level2name")


def comment(reader: Reader) -> Ddl | None:
    """`COMMENT ON TABLE t IS '...'`, `COMMENT ON COLUMN t.c IS '...'`."""
    reader.skip(frozenset({"COMMENT", "ON", "MATERIALIZED"}))
    kind = reader.upper()
    reader.at += 1
    name = reader.normal(reader.name())
    if kind not in {"TABLE", "VIEW", "COLUMN"} or not reader.accept("IS"):
        return None
    text = reader.string(reader.at)
    line = reader.line(0)
    if kind != "COLUMN":
        return Ddl(changes=(TableChange(table=name, line=line, description=text),))
    *table, column = split_normalised(name)
    change = TableChange(table=join_parts(table), line=line, column_descriptions={column: text})
    return Ddl(changes=(change,)) if table else None


def procedure_call(reader: Reader) -> Ddl | None:
    """sp_addextendedproperty with MS_Description, and sp_rename; None for every other call."""
    reader.skip(frozenset({"EXEC", "EXECUTE"}))
    name = reader.normal(reader.name()).rpartition(".")[2]
    if name in {"sp_addextendedproperty", "sp_updateextendedproperty"}:
        return _extended_property(reader)
    if name == "sp_rename":
        return _renamed(reader)
    return None


def _extended_property(reader: Reader) -> Ddl:
    given = _arguments(reader)
    if given.get("name", "").lower() != "ms_description" or given.get("level1type", "").lower() not in {
        "table",
        "view",
    }:
        return Ddl()
    table = join_parts([reader.normal(f'"{given[key]}"') for key in ("level0name", "level1name") if given.get(key)])
    line = reader.line(0)
    if given.get("level2type", "").lower() == "column":
        column = reader.normal(f'"{given.get("level2name", "")}"')
        change = TableChange(table=table, line=line, column_descriptions={column: given.get("value", "")})
    elif not given.get("level2type"):
        change = TableChange(table=table, line=line, description=given.get("value", ""))
    else:
        return Ddl()
    return Ddl(changes=(change,))


def _arguments(reader: Reader) -> dict[str, str]:
    """The call's arguments by name; positional ones take the names of their places."""
    given: dict[str, str] = {}
    for position, (first, last) in enumerate(reader.items(reader.at, len(reader.tokens))):
        token = reader.tokens[first]
        named = token.kind is VARIABLE and first + 1 < last and reader.tokens[first + 1].text == "="
        value = first + 2 if named else first
        key = token.text[1:].lower() if named else (_LEVELS[position] if position < len(_LEVELS) else "")
        if key and value < last:
            is_text = reader.tokens[value].kind is STRING
            given[key] = reader.string(value) if is_text else reader.shown(reader.tokens[value].text)
    return given


def _renamed(reader: Reader) -> Ddl:
    values = [reader.string(index) for index, token in enumerate(reader.tokens) if token.kind is STRING]
    if len(values) < 2:
        return Ddl()
    old = reader.normal(values[0])
    new = reader.normal(f"[{values[1]}]" if reader.dialect.brackets else values[1])
    if len(values) > 2 and values[2].upper() == "COLUMN":
        *table, column = split_normalised(old)
        return Ddl(changes=(TableChange(table=join_parts(table), line=reader.line(0), renamed=((column, new),)),))
    if len(values) > 2 and values[2].upper() == "INDEX":
        return Ddl()
    return Ddl(renames=((old, qualified_like(old, new)),))
