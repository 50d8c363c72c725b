"""CREATE TABLE and DECLARE @t TABLE."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from lineage_core.model.facts import ColumnFact, ObjectFact, Problem
from lineage_core.model.kinds import ObjectKind
from lineage_core.sql.ddl.columns import CONSTRAINT_WORDS, column, column_constraints, table_constraint
from lineage_core.sql.ddl.items import Ddl, Reader
from lineage_core.sql.ddl.load_data import locations
from lineage_core.sql.lexer import QUOTED
from lineage_core.sql.names import file_named

_MODIFIERS = frozenset(
    (
        "CREATE OR REPLACE GLOBAL LOCAL TEMP TEMPORARY UNLOGGED EXTERNAL TRANSIENT VOLATILE MULTISET SET HYBRID "
        "DYNAMIC ICEBERG FOREIGN SNAPSHOT REFRESH STREAMING LIVE TABLE"
    ).split()
)
_MODEL = frozenset({"LIKE", "CLONE", "COPY", "SHALLOW", "DEEP", "AS", "OF"})
_QUERY = frozenset({"SELECT", "WITH", "(", "VALUES", "FROM", "EXECUTE", "TABLE", "PIVOT", "UNPIVOT"})
_NO_MODEL = _QUERY | {"NODE", "EDGE", "FILETABLE", "GRANTS"}


def create_table(reader: Reader) -> Ddl:
    """The table with its columns and constraints; a temp table is only declared to its session."""
    words = reader.skip(_MODIFIERS)
    reader.accept("IF", "NOT", "EXISTS")
    written = reader.name()
    if not written:
        return Ddl(errors=(reader.problem("the name of this table cannot be read"),))
    name = reader.normal(written)
    temporary = bool(words & {"TEMP", "TEMPORARY", "VOLATILE"}) or name.startswith("#")
    if reader.upper() in _MODEL - {"OF"} and reader.upper(1) not in _NO_MODEL:
        words = reader.skip(_MODEL)
        source = _model(reader)
        holds_query = _holds_query(reader, reader.at)
        return Ddl(
            objects=() if temporary else (_object(reader, name, written),),
            reads=(source,) if source else (),
            writes=(name,),
            temporary=(name,) if temporary else (),
            holds_query=holds_query,
            moves_rows="LIKE" not in words and (reader.upper(), reader.upper(1)) != ("WITH", "NO"),
        )
    columns, constraints, reads, errors = _body(reader, name)
    after = reader.closing(reader.at) + 1 if reader.upper() == "(" else reader.at
    reads += _inherited(reader, after)
    holds_query = _holds_query(reader, after)
    files = locations(reader, after) if "EXTERNAL" in words and not holds_query else []
    fact = _object(reader, name, written, tuple(_keyed(columns, constraints)))
    names = tuple(item.name for item in columns)
    return Ddl(
        objects=() if temporary else (fact, *constraints),
        reads=(*reads, *files),
        writes=(name,),
        temporary=(name,) if temporary else (),
        creates={name: names} if names else {},
        generated=_generated(name, columns),
        holds_query=holds_query,
        moves_rows=bool(files),
        errors=tuple(errors),
    )


def declare_table(reader: Reader) -> Ddl:
    """`DECLARE @t TABLE (...)`: a table variable of the session."""
    at = next((index for index, token in enumerate(reader.tokens) if token.upper == "TABLE"), len(reader.tokens))
    variable = next((token.text.lower() for token in reversed(reader.tokens[:at]) if token.text.startswith("@")), "")
    reader.at = at + 1
    columns, _, _, errors = _body(reader, variable)
    return Ddl(
        temporary=(variable,),
        creates={variable: tuple(item.name for item in columns)},
        generated=_generated(variable, columns),
        errors=tuple(errors),
    )


def columns_of(reader: Reader) -> tuple[ColumnFact, ...]:
    """The columns in the parenthesis at the reader's position."""
    columns, _, _, _ = _body(reader, "")
    return tuple(columns)


def _generated(table: str, columns: list[ColumnFact]) -> dict[str, tuple[str, ...]]:
    names = tuple(item.name for item in columns if item.generated)
    return {table: names} if names else {}


def _body(reader: Reader, table: str) -> tuple[list[ColumnFact], list[ObjectFact], list[str], list[Problem]]:
    columns: list[ColumnFact] = []
    constraints: list[ObjectFact] = []
    reads: list[str] = []
    errors: list[Problem] = []
    if reader.upper() != "(":
        return columns, constraints, reads, errors
    end = reader.closing(reader.at)
    if end == len(reader.tokens):
        errors.append(reader.problem(f"the parenthesis of {table}'s columns is not closed"))
    for first, last in reader.items(reader.at + 1, end):
        token = reader.tokens[first]
        if token.kind is not QUOTED and token.upper in CONSTRAINT_WORDS and last > first + 1:
            if token.upper == "LIKE":
                reader.at, kept = first + 1, reader.at
                reads.append(reader.normal(reader.name()))
                reader.at = kept
            elif (constraint := table_constraint(reader, table, first, last)) is not None:
                constraints.append(constraint)
            continue
        fact = column(reader, first, last, len(columns) + 1)
        if fact is None:
            errors.append(reader.problem(f"a column of {table} cannot be read", first))
            continue
        columns.append(fact)
        constraints += column_constraints(reader, table, first, last)
    return columns, constraints, reads, errors


def _keyed(columns: list[ColumnFact], constraints: list[ObjectFact]) -> list[ColumnFact]:
    """The columns with what the table's constraints say of them."""
    primary = {
        item.name for fact in constraints if fact.definition.upper().startswith("PRIMARY") for item in fact.columns
    }
    foreign = {item.name for fact in constraints if fact.references for item in fact.columns}
    keyed = []
    for item in columns:
        update: dict[str, Any] = {}
        if item.name in primary:
            update |= {"primary_key": True, "nullable": False}
        if item.name in foreign:
            update["foreign_key"] = True
        keyed.append(replace(item, **update) if update else item)
    return keyed


def _object(reader: Reader, name: str, written: str, columns: tuple[ColumnFact, ...] = ()) -> ObjectFact:
    return ObjectFact(
        kind=ObjectKind.TABLE,
        name=name,
        display=reader.shown(written),
        line=reader.line(0),
        end_line=reader.line(len(reader.tokens) - 1),
        columns=columns,
    )


def _model(reader: Reader) -> str:
    """The table that is cloned, copied or taken as a model; Spark's delta.`/path` is a file."""
    written = reader.name()
    return file_named(written, reader.dialect) or reader.normal(written)


def _inherited(reader: Reader, after: int) -> list[str]:
    """INHERITS (parent), PARTITION OF parent."""
    for index in range(after, len(reader.tokens) - 1):
        if reader.tokens[index].upper == "INHERITS" and reader.tokens[index + 1].text == "(":
            ranges = reader.items(index + 2, reader.closing(index + 1))
            return [reader.normal("".join(token.text for token in reader.tokens[a:b])) for a, b in ranges]
    return []


def _holds_query(reader: Reader, after: int) -> bool:
    """Whether CREATE TABLE ends in a query: AS SELECT, or a bare SELECT as in Spark and MySQL."""
    depth = 0
    for index in range(after, len(reader.tokens)):
        token = reader.tokens[index]
        depth += (token.text == "(") - (token.text == ")")
        if depth == 0 and token.upper == "SELECT":
            return True
        if depth == 0 and token.upper == "AS" and reader.upper_at(index + 1) in _QUERY:
            return True
    return False
