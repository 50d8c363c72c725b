"""Indexes, synonyms, sequences and types; DROP, TRUNCATE and RENAME."""

from __future__ import annotations

from lineage_core.model.facts import ColumnFact, ObjectFact
from lineage_core.model.kinds import ObjectKind
from lineage_core.sql.ddl.alter_table import qualified_like
from lineage_core.sql.ddl.items import MAX_DEFINITION, Ddl, Reader
from lineage_core.sql.headers import read_header
from lineage_core.sql.names import join_parts, split_normalised

_DROPPED = frozenset({"TABLE", "VIEW"})
_DROP_WORDS = frozenset({"DROP", "TABLE", "VIEW", "MATERIALIZED", "TEMPORARY", "IF", "EXISTS", "EXTERNAL", "FOREIGN"})


def named_object(reader: Reader) -> Ddl | None:
    """An index, synonym, sequence or type."""
    header = read_header(reader.text, reader.dialect)
    if header is None:
        return Ddl(errors=(reader.problem("the name of this object cannot be read"),))
    if header.temporary or header.on.startswith("#"):
        return None
    kind = ObjectKind(header.kind)
    name, definition = header.name, ""
    columns: tuple[ColumnFact, ...] = ()
    if kind is ObjectKind.INDEX:
        columns = tuple(ColumnFact(name=item) for item in _index_columns(reader))
        table = split_normalised(header.on)
        given = "_".join([table[-1], *(column.name for column in columns), "idx"])  # as Postgres names it
        name = join_parts([*table, split_normalised(header.name)[-1] or given])
        definition = " ".join(reader.text.split())[:MAX_DEFINITION]
    fact = ObjectFact(
        kind=kind,
        name=name,
        display=header.display or split_normalised(name)[-1],
        line=reader.line(0),
        end_line=reader.line(len(reader.tokens) - 1),
        on=header.on,
        target=header.target,
        columns=columns,
        definition=definition,
    )
    return Ddl(objects=(fact,))


def _index_columns(reader: Reader) -> list[str]:
    on = next((index for index, token in enumerate(reader.tokens) if token.upper == "ON"), len(reader.tokens))
    opened = next((index for index in range(on, len(reader.tokens)) if reader.tokens[index].text == "("), None)
    return reader.columns(opened + 1, reader.closing(opened)) if opened is not None else []


def stream(reader: Reader) -> Ddl | None:
    """Snowflake's `CREATE STREAM s ON TABLE t` shows the changes of t."""
    while reader.more() and not reader.accept("STREAM"):
        reader.at += 1
    reader.skip(frozenset({"IF", "NOT", "EXISTS"}))
    name = reader.normal(reader.name())
    while reader.more() and not reader.accept("ON"):
        reader.at += 1
    reader.skip(frozenset({"EXTERNAL", "DYNAMIC", "EVENT"}))
    if not reader.skip(frozenset({"TABLE", "VIEW"})):
        return None
    return Ddl(reads=(reader.normal(reader.name()),), writes=(name,), moves_rows=True)


def drop(reader: Reader) -> Ddl | None:
    """DROP TABLE and DROP VIEW; dropping other things says nothing about lineage."""
    if not _DROPPED & {reader.upper(ahead) for ahead in range(1, 4)}:
        return None
    reader.skip(_DROP_WORDS)
    names = []
    while name := reader.name():
        names.append(reader.normal(name))
        if not reader.accept(","):
            break
    return Ddl(drops=tuple(names))


def truncate(reader: Reader) -> Ddl:
    """TRUNCATE writes its table."""
    reader.skip(frozenset({"TRUNCATE", "TABLE", "ONLY", "IF", "EXISTS"}))
    names = []
    while name := reader.name():
        names.append(reader.normal(name))
        if not reader.accept(","):
            break
        reader.accept("ONLY")
    return Ddl(writes=tuple(names))


def rename(reader: Reader) -> Ddl:
    """`RENAME TABLE a TO b, c TO d`; ClickHouse's `EXCHANGE TABLES a AND b` takes the other's rows, as a swap does."""
    if reader.skip(frozenset({"EXCHANGE", "TABLES"})):
        first = reader.normal(reader.name())
        reader.accept("AND")
        return Ddl(reads=(reader.normal(reader.name()),), writes=(first,), moves_rows=True)
    reader.skip(frozenset({"RENAME", "TABLE", "VIEW", "OBJECT"}))
    pairs = []
    while old := reader.name():
        if not reader.accept("TO"):
            break
        new = reader.normal(reader.name())
        pairs.append((reader.normal(old), qualified_like(reader.normal(old), new)))
        if not reader.accept(","):
            break
    return Ddl(renames=tuple(pairs))
