"""Column definitions and table constraints inside CREATE TABLE and ALTER TABLE."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import sqlglot
from sqlglot.errors import SqlglotError

from lineage_core.model.facts import ColumnFact, ObjectFact, Ref
from lineage_core.model.kinds import FlowKind, ObjectKind
from lineage_core.sql.extract.builder import Builder
from lineage_core.sql.extract.expression import references
from lineage_core.sql.headers import read_name
from lineage_core.sql.lexer import QUOTED, STRING, WORD
from lineage_core.sql.names import join_parts, split_normalised

if TYPE_CHECKING:
    from lineage_core.sql.ddl.items import Reader

CONSTRAINT_WORDS = frozenset(
    {"CONSTRAINT", "PRIMARY", "FOREIGN", "UNIQUE", "CHECK", "EXCLUDE", "INDEX", "KEY", "PERIOD", "FULLTEXT", "LIKE"}
)

_TYPE_ENDS = frozenset(
    (
        "NOT NULL PRIMARY UNIQUE REFERENCES DEFAULT CHECK CONSTRAINT IDENTITY COLLATE GENERATED AS COMMENT SPARSE "
        "ROWGUIDCOL MASKED AUTO_INCREMENT AUTOINCREMENT FOREIGN ENCODE DISTKEY SORTKEY OPTIONS PERSISTED STORED KEY "
        "ON HIDDEN FILESTREAM VIRTUAL INVISIBLE COMPRESS TITLE FORMAT CODEC WITH SERIAL_DEFAULT"
    ).split()
)

_BEFORE_NULL = frozenset({"NOT", "SET", "DEFAULT"})

_VERSION_TYPES = frozenset({"rowversion", "timestamp"})

_SUFFIX = {"PRIMARY": "pkey", "FOREIGN": "fkey", "REFERENCES": "fkey", "UNIQUE": "key", "CHECK": "check"}
"""Postgres' own endings for constraints without a name."""


def column(reader: Reader, start: int, end: int, position: int) -> ColumnFact | None:
    """A column definition between two tokens; None where it does not start with a name."""
    tokens = reader.tokens
    if start >= end or tokens[start].kind not in {WORD, QUOTED}:
        return None
    stop = start + 1
    while stop < end and not _ends_type(reader, stop):
        stop = reader.closing(stop) + 1 if tokens[stop].text == "(" else stop + 1
    words = _outer_words(reader, stop, end)
    expression = _computed(reader, stop, end)
    primary = _follow(words, "PRIMARY", "KEY")
    stated = any(word == "NULL" and before not in _BEFORE_NULL for before, word in itertools.pairwise(["", *words]))
    nullable = False if _follow(words, "NOT", "NULL") or primary else (stated or None)
    return ColumnFact(
        name=reader.normal(tokens[start].text),
        display=reader.shown(tokens[start].text),
        data_type=_type(reader, start + 1, min(stop, end)),
        nullable=nullable,
        primary_key=primary,
        foreign_key="REFERENCES" in words,
        position=position,
        description=_comment(reader, stop, end),
        expression=expression,
        refs=_refs(reader, expression),
        generated=_generated(reader, start + 1, words, expression),
    )


def _generated(reader: Reader, at: int, words: list[str], expression: str) -> bool:
    """Whether T-SQL fills the column by itself: identity, computed, rowversion. `at` is where its type stands."""
    if not reader.dialect.batches or at >= len(reader.tokens):
        return False
    return (
        bool(expression)
        or not {"IDENTITY", "HIDDEN"}.isdisjoint(words)
        or reader.shown(reader.tokens[at].text).lower() in _VERSION_TYPES
    )


def _ends_type(reader: Reader, at: int) -> bool:
    """Whether the type ends before a token: `timestamp with time zone` goes on."""
    token = reader.tokens[at]
    zoned = token.upper == "WITH" and reader.upper_at(at + 1) == "TIME"
    return token.upper in _TYPE_ENDS and token.kind is not QUOTED and not zoned


def column_constraints(reader: Reader, table: str, start: int, end: int) -> list[ObjectFact]:
    """The constraints inside a column definition: key, unique, check, reference."""
    name, found, own = "", [], reader.normal(reader.tokens[start].text)
    index = start + 1
    while index < end:
        word = reader.tokens[index].upper
        if word == "CONSTRAINT" and index + 1 < end:
            name = reader.tokens[index + 1].text
        elif word in {"PRIMARY", "UNIQUE", "CHECK", "REFERENCES"}:
            stop = _constraint_end(reader, word, index)
            found.append(_constraint(reader, table, name, word, [own], index, min(stop, end)))
            name = ""
        elif reader.tokens[index].text == "(":
            index = reader.closing(index)
        index += 1
    return found


def _constraint_end(reader: Reader, word: str, at: int) -> int:
    """Behind a column's constraint: its check's parenthesis, its reference's table and columns."""
    if word == "CHECK":
        return reader.closing(at + 1) + 1
    named = read_name(reader.tokens, at + 1) if word == "REFERENCES" else None
    if named is None:
        return at + 2
    return reader.closing(named.after) + 1 if reader.upper_at(named.after) == "(" else named.after


def table_constraint(reader: Reader, table: str, start: int, end: int) -> ObjectFact | None:
    """A PRIMARY KEY, FOREIGN KEY, UNIQUE or CHECK of the table, named or not; None for anything else."""
    tokens, index, name = reader.tokens, start, ""
    if tokens[index].upper == "CONSTRAINT" and index + 2 < end:
        name, index = tokens[index + 1].text, index + 2
    word = tokens[index].upper
    if word not in {"PRIMARY", "FOREIGN", "UNIQUE", "CHECK"}:
        return None
    opened = next((at for at in range(index, end) if tokens[at].text == "("), end)
    columns = reader.columns(opened + 1, reader.closing(opened)) if opened < end and word != "CHECK" else []
    return _constraint(reader, table, name, word, columns, index, end)


def _constraint(
    reader: Reader, table: str, name: str, word: str, columns: list[str], start: int, end: int
) -> ObjectFact:
    references, target_columns = _references(reader, start, len(reader.tokens) if word == "REFERENCES" else end)
    base = split_normalised(table)[-1]
    joined = "_".join(filter(None, [base, *(columns if word != "PRIMARY" else []), _SUFFIX[word]]))
    own = reader.normal(name) if name else joined
    return ObjectFact(
        kind=ObjectKind.CONSTRAINT,
        name=join_parts([*split_normalised(table), own]),
        display=reader.shown(name) if name else joined,
        line=reader.line(start),
        end_line=reader.line(max(start, end - 1)),
        on=table,
        columns=tuple(ColumnFact(name=item) for item in columns),
        references=references,
        reference_columns=target_columns,
        definition=reader.source(start, end),
    )


def _references(reader: Reader, start: int, end: int) -> tuple[str, tuple[str, ...]]:
    at = next((index for index in range(start, end) if reader.tokens[index].upper == "REFERENCES"), None)
    if at is None:
        return "", ()
    reader.at, kept = at + 1, reader.at
    target = reader.normal(reader.name())
    columns = reader.columns(reader.at + 1, reader.closing(reader.at)) if reader.upper() == "(" else []
    reader.at = kept
    return target, tuple(columns)


def _type(reader: Reader, start: int, end: int) -> str:
    """The type as written, without brackets: `[varchar](50)` is varchar(50)."""
    text = ""
    for token in reader.tokens[start:end]:
        part = reader.shown(token.text) if token.kind is QUOTED else token.text
        glued = not text or part in "(),.[]" or text.endswith(("(", ",", ".", "["))
        text += part if glued else f" {part}"
    return text


def _outer_words(reader: Reader, start: int, end: int) -> list[str]:
    words, index = [], start
    while index < end:
        if reader.tokens[index].text == "(":
            index = reader.closing(index)
        else:
            words.append(reader.tokens[index].upper)
        index += 1
    return words


def _follow(words: list[str], first: str, second: str) -> bool:
    return any(pair == (first, second) for pair in itertools.pairwise(words))


def _computed(reader: Reader, start: int, end: int) -> str:
    """The expression of `AS (...)` or GENERATED ALWAYS AS (...); empty for a usual or an identity column."""
    for index in range(start, min(end, start + 4)):
        if reader.tokens[index].upper == "AS" and (
            reader.upper_at(index - 1) != "ALWAYS" or reader.upper_at(index + 1) == "("
        ):  # not GENERATED ALWAYS AS IDENTITY, nor AS ROW START
            stop = index + 1
            while stop < end and reader.tokens[stop].upper not in _TYPE_ENDS:
                stop = reader.closing(stop) + 1 if reader.tokens[stop].text == "(" else stop + 1
            return reader.source(index + 1, min(stop, end))
    return ""


def _refs(reader: Reader, expression: str) -> tuple[Ref, ...]:
    if not expression:
        return ()
    try:
        tree = sqlglot.parse_one(f"SELECT {expression}", dialect=reader.dialect.sqlglot)
    except (SqlglotError, RecursionError):
        return ()
    builder = Builder(reader.dialect)
    return tuple(ref for item in tree.expressions for ref in references(builder, item, FlowKind.TRANSFORMATION))


def _comment(reader: Reader, start: int, end: int) -> str:
    for index in range(start, end - 1):
        if reader.tokens[index].upper == "COMMENT" and reader.tokens[index + 1].kind is STRING:
            return reader.string(index + 1)
    return ""
