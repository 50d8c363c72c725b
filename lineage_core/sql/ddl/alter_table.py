"""ALTER TABLE: columns, constraints, renames, and partitions that move."""

from __future__ import annotations

from lineage_core.model.facts import ColumnFact, ObjectFact, TableChange
from lineage_core.sql.ddl.columns import CONSTRAINT_WORDS, column, column_constraints, table_constraint
from lineage_core.sql.ddl.items import Ddl, Reader
from lineage_core.sql.lexer import QUOTED
from lineage_core.sql.names import join_parts, split_normalised

_HEAD = frozenset({"ALTER", "TABLE", "VIEW", "MATERIALIZED", "ONLY", "FOREIGN", "EXTERNAL"})
_CHECKS = frozenset({"WITH", "CHECK", "NOCHECK"})


def alter_table(reader: Reader) -> Ddl:
    """What the statement adds, drops, renames and constrains; owner changes and the like say nothing."""
    reader.skip(_HEAD)
    reader.accept("IF", "EXISTS")
    reader.accept("ONLY")
    written = reader.name()
    if not written:
        return Ddl(errors=(reader.problem("the name of the altered table cannot be read"),))
    table = reader.normal(written)
    if (moved := _moved(reader, table)) is not None:
        return moved
    added: list[ColumnFact] = []
    dropped: list[str] = []
    renamed: list[tuple[str, str]] = []
    constraints: list[ObjectFact] = []
    adding = dropping = False
    for first, last in reader.items(reader.at, _end(reader)):
        reader.at = first
        if reader.upper() == "WITH":
            reader.skip(_CHECKS)
        if reader.upper() in {"DROP", "RENAME", "ALTER", "MODIFY", "CHANGE", "SET", "OWNER", "ENABLE", "DISABLE"}:
            adding = dropping = False
        if reader.accept("ADD"):
            adding, dropping = True, False
        if adding:
            _add(reader, table, last, added, constraints)
        elif reader.accept("DROP", "COLUMN") or (dropping and reader.upper() != "CONSTRAINT"):
            dropping = True  # DROP COLUMN a, b and DROP COLUMN a, COLUMN b
            reader.accept("COLUMN")
            reader.accept("IF", "EXISTS")
            dropped.append(reader.normal(reader.name()))
        elif reader.accept("RENAME", "COLUMN") or (reader.upper() == "RENAME" and reader.upper(2) == "TO"):
            reader.accept("RENAME")
            old = reader.normal(reader.name())
            renamed += [(old, reader.normal(reader.name()))] if reader.accept("TO") else []
    change = TableChange(
        table=table, line=reader.line(0), added=tuple(added), dropped=tuple(dropped), renamed=tuple(renamed)
    )
    changes = (change,) if added or dropped or renamed else ()
    return Ddl(objects=tuple(constraints), changes=changes)


def _add(reader: Reader, table: str, last: int, added: list[ColumnFact], constraints: list[ObjectFact]) -> None:
    if not reader.accept("COLUMN"):
        reader.accept("COLUMNS")
    reader.accept("IF", "NOT", "EXISTS")
    if not reader.more() or reader.at >= last:
        return
    token = reader.tokens[reader.at]
    if token.text == "(":  # Oracle, MySQL: ADD (a int, b int)
        for first, end in reader.items(reader.at + 1, min(reader.closing(reader.at), last)):
            reader.at = first
            _add(reader, table, end, added, constraints)
        return
    if token.kind is not QUOTED and token.upper in CONSTRAINT_WORDS:
        constraint = table_constraint(reader, table, reader.at, last)
        if constraint is not None:
            constraints.append(constraint)
        return
    if token.upper in {"DEFAULT", "PARTITION"} and token.kind is not QUOTED:
        return
    fact = column(reader, reader.at, last, 0)
    if fact is not None:
        added.append(fact)
        constraints += column_constraints(reader, table, reader.at, last)


def _moved(reader: Reader, table: str) -> Ddl | None:
    """A rename of the table, or rows that change their table without being copied."""
    words = [token.upper for token in reader.tokens[reader.at :]]
    if words[:2] == ["RENAME", "TO"] or words[:2] == ["RENAME", "AS"]:
        reader.at += 2
        new = reader.normal(reader.name())
        return Ddl(renames=((table, qualified_like(table, new)),))
    if words[:1] == ["SWITCH"] and "TO" in words:
        reader.at += words.index("TO") + 1
        return Ddl(reads=(table,), writes=(reader.normal(reader.name()),), moves_rows=True)
    if words[:2] == ["APPEND", "FROM"] or (words[:2] == ["REPLACE", "PARTITION"] and "FROM" in words):
        reader.at += words.index("FROM") + 1
        return Ddl(reads=(reader.normal(reader.name()),), writes=(table,), moves_rows=True)
    for first, second in (("SWAP", "WITH"), ("WITH", "TABLE")):
        if second in words and (first in words) and words.index(second) == words.index(first) + 1:
            if first == "WITH" and "EXCHANGE" not in words:
                return None
            reader.at += words.index(second) + 1
            return Ddl(reads=(reader.normal(reader.name()),), writes=(table,), moves_rows=True)
    return None


def qualified_like(old: str, new: str) -> str:
    """A new name in the schema of the old one, where it gives none."""
    if len(split_normalised(new)) > 1:
        return new
    return join_parts([*split_normalised(old)[:-1], new])


def _end(reader: Reader) -> int:
    return len(reader.tokens) - 1 if reader.tokens and reader.tokens[-1].text == ";" else len(reader.tokens)
