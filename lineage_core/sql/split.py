"""Text to statement slices: contiguous, joining back to the text, each with its kind and the routine around it.

Three grammars share the work: batches without semicolons (T-SQL, `split_batches`), statements ended by semicolons, and
the bodies of routines in those dialects (`split_block`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from lineage_core.sql.classify import ROUTINE_KINDS, classify
from lineage_core.sql.cursor import Cursor, Cut
from lineage_core.sql.delimiters import blank_delimiters
from lineage_core.sql.lexer import DOLLAR, STRING, WORD, Token, tokenize
from lineage_core.sql.quoted_bodies import single_quotes
from lineage_core.sql.split_batches import BatchSplitter
from lineage_core.sql.split_block import TRANSACTION, split_block, split_step
from lineage_core.sql.split_package import opens_package, split_package
from lineage_core.sql.stdin_data import blank_copy_data

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lineage_core.sql.dialects import Dialect


_LINE_COMMANDS = frozenset(
    "SET SHOW SPOOL WHENEVER DEFINE UNDEFINE VARIABLE VAR ACCEPT COLUMN PAUSE EXEC EXECUTE EXIT QUIT START".split()
)
_SERVER_SETTINGS = frozenset({"TRANSACTION", "ROLE", "CONSTRAINT", "CONSTRAINTS"})


class Slice(NamedTuple):
    """One statement, or one piece of control flow, of a text.

    `start` and `end` are character offsets; the code itself, without white space and comments around it, goes from
    `first` to `last`. `line` and `end_line` are the 1-based lines of the code. `owner` is the index of the slice that
    is the header of the routine or trigger around it; `in_block` tells that it is part of a procedural body,
    `in_quotes` that this body stands in plain quotes. `batch` counts GO batches. `tokens` are those of an INSERT.
    """

    start: int
    end: int
    first: int
    last: int
    line: int
    end_line: int
    kind: str
    owner: int | None = None
    batch: int = 0
    in_block: bool = False
    in_quotes: bool = False
    tokens: Sequence[Token] = ()


def split(text: str, dialect: Dialect) -> list[Slice]:
    """The slices of a text; they cover it without gap or overlap. A text without any statement is one slice."""
    tokens = tokenize(blank_delimiters(blank_copy_data(text), dialect), dialect)
    cursor = Cursor(tokens)
    if dialect.batches:
        BatchSplitter(cursor).run()
    else:
        _split_script(cursor, dialect)
    return _slices(text, cursor.cuts)


def _split_script(cursor: Cursor, dialect: Dialect) -> None:
    """Statements ended by semicolons; a routine's body is split in its own grammar."""
    while cursor.more():
        if cursor.text() == ";" or not cursor.starts_statement():
            whole_line = cursor.text() == "\\" or (dialect.line_commands and cursor.text().startswith("@"))
            cursor.cut("control", until=cursor.line_end() if whole_line else cursor.at + 1)
            continue
        kind = classify(cursor.tokens, cursor.at, cursor.end)
        if dialect.line_commands and _is_line_command(cursor):
            cursor.cut("exec" if cursor.upper() in {"EXEC", "EXECUTE"} else "control", until=cursor.line_end())
        elif kind in ROUTINE_KINDS:
            _routine(cursor, kind, dialect)
        elif cursor.upper() == "DO" and _body_token(cursor, cursor.statement_end()) is not None:
            _quoted_body(cursor, "control", cursor.statement_end(), dialect)
        elif dialect.declare_blocks and opens_package(cursor):
            split_package(cursor)
        elif _opens_block(cursor, dialect):
            split_block(cursor, None)
        elif kind == "control" and dialect.scripts:
            split_step(cursor)
        else:
            cursor.cut(kind, until=cursor.statement_end())


def _is_line_command(cursor: Cursor) -> bool:
    """Whether a command of SQL*Plus stands here, which the end of the line ends."""
    words = cursor.upper(), cursor.peek_upper(1)
    own = words[0] in _LINE_COMMANDS and words[1] not in _SERVER_SETTINGS and "IMMEDIATE" not in words
    return own and cursor.tokens[cursor.at].opens_line


def _opens_block(cursor: Cursor, dialect: Dialect) -> bool:
    """Whether a block without a name starts here: at BEGIN, or at the declarations before it."""
    if cursor.upper() == "DECLARE":
        return dialect.declare_blocks and cursor.block_follows(cursor.at)
    return cursor.upper() == "BEGIN" and cursor.peek_upper(1) not in {"", *TRANSACTION}


def _routine(cursor: Cursor, kind: str, dialect: Dialect) -> None:
    """A routine whose body is a string ($$...$$ or '...'), a BEGIN ... END block, or a single statement."""
    end = cursor.statement_end()
    if _body_token(cursor, end) is not None:
        if _is_sql(cursor, end):
            _quoted_body(cursor, kind, end, dialect)
        else:
            cursor.cut(kind, until=end)
        return
    if (compound := _compound(cursor, end)) is not None:
        split_block(cursor, cursor.cut(kind, until=compound), opened=True)
        return
    start = cursor.find_body(end)
    if start is not None:
        split_block(cursor, cursor.cut(kind, until=start))
        return
    start = cursor.find_single(kind, end)
    owner = cursor.cut(kind, until=start)
    if start < end:
        inner = Cursor(cursor.tokens[:end], cursor.cuts, cursor.batch)
        inner.at = cursor.at
        split_block(inner, owner, whole=True)
        cursor.at = end


def _compound(cursor: Cursor, end: int) -> int | None:
    """Index behind Oracle's COMPOUND TRIGGER, whose blocks are in sections; None for any other routine."""
    words = range(cursor.at + 1, end)
    pairs = ((cursor.tokens[index - 1].upper, cursor.tokens[index].upper, index + 1) for index in words)
    return next((behind for first, second, behind in pairs if (first, second) == ("COMPOUND", "TRIGGER")), None)


def _is_sql(cursor: Cursor, end: int) -> bool:
    """Whether the routine's LANGUAGE is SQL or one of its procedural dialects, as it is where none is named."""
    named = [
        cursor.tokens[index + 1].text.lower()
        for index in range(cursor.at, end - 1)
        if cursor.tokens[index].upper == "LANGUAGE" and cursor.tokens[index + 1].kind in {WORD, STRING}
    ]
    named = [name for name in named if name != "as"]  # RETURNS SETOF language AS: a table's name
    return not named or "sql" in named[-1]


def _body_token(cursor: Cursor, end: int) -> int | None:
    """The string that holds a routine's body: a dollar-quoted one, or the string behind AS."""
    for index in range(cursor.at, end):
        token = cursor.tokens[index]
        if token.kind is DOLLAR:
            return index
        if token.kind is STRING and cursor.tokens[index - 1].upper == "AS" and len(token.text) > len("''"):
            return index
    return None


def _quoted_body(cursor: Cursor, kind: str, end: int, dialect: Dialect) -> None:
    index = _body_token(cursor, end)
    if index is None:
        cursor.cut(kind, until=end)
        return
    token = cursor.tokens[index]
    opening = token.text.index("$", 1) + 1 if token.kind is DOLLAR else token.text.index("'") + 1
    closing = opening if token.kind is DOLLAR and token.text.endswith(token.text[:opening]) else 1
    body = token.text[opening : max(opening, len(token.text) - closing)]
    owner = cursor.cut(kind, until=end)
    quoted = token.kind is STRING
    body = single_quotes(body) if quoted else body
    inner = Cursor(tokenize(body, dialect, token.start + opening), cuts=cursor.cuts, batch=cursor.batch)
    inner.in_quotes = quoted
    split_block(inner, owner if kind in ROUTINE_KINDS else None, whole=True)
    if end > index + 1:
        cursor.cuts.append(Cut(cursor.tokens[index].end - closing, cursor.tokens[end - 1].end, "control", None, 0))


def _slices(text: str, cuts: list[Cut]) -> list[Slice]:
    if not cuts:
        return [Slice(0, len(text), 0, 0, 1, text.count("\n") + 1, "control")]
    slices: list[Slice] = []
    line, counted = 1, 0
    for index, cut in enumerate(cuts):
        start = 0 if index == 0 else cut.start
        end = cuts[index + 1].start if index + 1 < len(cuts) else len(text)
        line += text.count("\n", counted, cut.start)
        counted = cut.start
        last = min(cut.last, end)
        end_line = line + text.count("\n", cut.start, last)
        slices.append(
            Slice(
                start=start,
                end=end,
                first=cut.start,
                last=last,
                line=line,
                end_line=end_line,
                kind=cut.kind,
                owner=cut.owner,
                batch=cut.batch,
                in_block=cut.in_block,
                in_quotes=cut.in_quotes,
                tokens=cut.tokens,
            )
        )
    return slices
