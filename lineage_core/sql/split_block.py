"""Bodies of routines in dialects with semicolons: PL/pgSQL, MySQL, Oracle, BigQuery, plain SQL functions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lineage_core.sql.classify import classify
from lineage_core.sql.headers import read_name
from lineage_core.sql.lexer import WORD
from lineage_core.sql.qualified_calls import qualified_calls

if TYPE_CHECKING:
    from collections.abc import Callable

    from lineage_core.sql.cursor import Cursor

_BLOCK_WORDS = frozenset({"BEGIN", "DECLARE", "ELSE", "LOOP", "DO", "EXCEPTION", "TRY", "ATOMIC", "REPEAT"})
"""Control words that stand alone before a statement."""

_TIMES = frozenset({"BEFORE", "AFTER", "INSTEAD"})
"""The first words of a compound trigger's sections."""

_THEN, _LOOP = frozenset({"THEN"}), frozenset({"LOOP", "DO"})
_ENDERS = {"IF": _THEN, "ELSIF": _THEN, "ELSEIF": _THEN, "CASE": _THEN, "WHEN": _THEN, "WHILE": _LOOP}
"""Control words and the words that end their condition."""

_QUERY_WORDS = frozenset({"SELECT", "WITH"})
_CONDITION_WORDS = frozenset({"FOUND", "SQLSTATE", "VALUE"})
"""Behind the first word of a handler's condition."""

TRANSACTION = frozenset({"TRANSACTION", "TRAN", "WORK", ";"})
"""What follows a BEGIN that opens no block."""


def split_block(cursor: Cursor, owner: int | None, *, whole: bool = False, opened: bool = False) -> None:
    """Cut a body into statements.

    Args:
        cursor: stands at the body's first token.
        owner: index of the routine's header slice.
        whole: the tokens hold nothing but the body; otherwise it ends with the END that closes its first BEGIN.
        opened: that BEGIN is left out, as in a compound trigger.
    """
    depth, begun = int(opened), opened
    outer = cursor.owner, cursor.in_block
    cursor.owner, cursor.in_block = owner, True
    while cursor.more():
        word = cursor.upper()
        if word == "END":
            until = end_of(cursor)
            closes_block = cursor.peek_upper(1) not in {"IF", "LOOP", "CASE", "WHILE", "FOR", "REPEAT"}
            cursor.cut("control", until=until)
            depth -= closes_block
            if begun and depth <= 0 and not whole:
                break
            continue
        if word == "BEGIN" and cursor.peek_upper(1) in TRANSACTION:
            cursor.cut("control", until=cursor.statement_end())
            continue
        if word == "BEGIN":
            depth, begun = depth + 1, True
        if not whole and not begun and word in {"CREATE", "ALTER"}:
            break
        _step(cursor, word)
    cursor.owner, cursor.in_block = outer


def split_step(cursor: Cursor) -> None:
    """Cut the next piece of a script whose control flow stands outside any block."""
    cursor.in_block = True
    word = cursor.upper()
    if word in _BLOCK_WORDS - {"DECLARE", "BEGIN"} or word in _ENDERS or word == "FOR":
        _step(cursor, word)
    elif word == "END":
        cursor.cut("control", until=end_of(cursor))
    else:
        _statement(cursor)
    cursor.in_block = False


def _step(cursor: Cursor, word: str) -> None:
    rule = _BY_WORD.get(word)
    if word in _BLOCK_WORDS:
        cursor.cut("control", until=cursor.at + 1)
    elif word in _ENDERS:
        _condition(cursor, _ENDERS[word])
    elif rule is not None:
        rule(cursor)
    elif "CURSOR" in {word, cursor.peek_upper(1), cursor.peek_upper(2)}:
        cursor_query(cursor)
    elif (until := _control_end(cursor, word)) is not None:
        cursor.cut("control", until=until)
    else:
        _statement(cursor)


def _control_end(cursor: Cursor, word: str) -> int | None:
    """Where a piece of control flow ends that stands before a statement; None where the statement itself is next."""
    if word == "RETURN" and (words := _return_words(cursor)):
        return cursor.at + words
    if word in _TIMES and cursor.peek_upper(1) in {"STATEMENT", "EACH", "OF"}:
        return behind_opening(cursor, cursor.statement_end())
    if cursor.peek_upper(1) == "HANDLER":
        return _behind_conditions(cursor)
    if (label := _label(cursor)) is not None:
        return label
    return None if cursor.starts_statement() else cursor.at + 1


def _perform(cursor: Cursor) -> None:
    cursor.cut("perform", until=cursor.statement_end())


def _return_words(cursor: Cursor) -> int:
    """How many words stand before the query of a RETURN; 0 where it has none."""
    if cursor.peek_upper(1) == "QUERY":
        return 2
    return int(cursor.peek_upper(1) in _QUERY_WORDS or cursor.peek_upper(2) in _QUERY_WORDS)


def _label(cursor: Cursor) -> int | None:
    """Index behind a label in front of a loop or block: `<<name>>` or `name:`; None where there is none."""
    if [cursor.text(ahead) for ahead in (0, 1, 3, 4)] == ["<", "<", ">", ">"]:
        return cursor.at + 5
    named = cursor.text(1) == ":" and cursor.peek_upper(2) in {"LOOP", "WHILE", "REPEAT", "BEGIN", "FOR"}
    return cursor.at + 2 if named else None


def _statement(cursor: Cursor) -> None:
    end = cursor.statement_end()
    kind = classify(cursor.tokens, cursor.at, cursor.end)
    if kind == "unknown" and _is_call(cursor, end):
        kind = "exec"
    elif kind == "unknown":  # a declaration or an assignment
        if (run := _executed(cursor, end)) is not None:
            cursor.cut("control", until=run)
            kind = "exec"
        else:
            kind = "condition" if _holds_query(cursor, end) else "control"
    elif kind == "control" and _holds_query(cursor, end):
        kind = "condition"
    cursor.cut(kind, until=end)


def _executed(cursor: Cursor, end: int) -> int | None:
    """Where Snowflake's `rows := (EXECUTE IMMEDIATE ...)` executes; None for other statements."""
    words = range(cursor.at + 1, end - 1)
    return next((i for i in words if _upper_pair(cursor, i) == ("EXECUTE", "IMMEDIATE")), None)


def _upper_pair(cursor: Cursor, at: int) -> tuple[str, str]:
    return cursor.tokens[at].upper, cursor.tokens[at + 1].upper


def _is_call(cursor: Cursor, end: int) -> bool:
    """`name(...);` and `package.name;`: a call without CALL, as PL/SQL has it."""
    named = read_name(cursor.tokens, cursor.at)
    last = end - (cursor.tokens[end - 1].text == ";")
    if named is None or named.after > last:
        return False
    if named.after == last:
        return "." in named.text
    opens = cursor.tokens[named.after].text == "(" and cursor.tokens[last - 1].text == ")"
    return opens and cursor.closing(named.after) == last - 1


def _condition(cursor: Cursor, enders: frozenset[str]) -> None:
    end = cursor.statement_end()
    depth = 0
    for index in range(cursor.at + 1, end):
        token = cursor.tokens[index]
        depth += (token.upper == "CASE") - (token.upper == "END")
        if token.upper in enders and depth <= 0:
            end = index + 1
            break
    cursor.cut("condition" if _holds_query(cursor, end) else "control", until=end)


def _loop(cursor: Cursor) -> None:
    """`FOR r IN SELECT ... LOOP`, `FOR r IN EXECUTE ... LOOP`: the query is a statement of its own."""
    tokens, end = cursor.tokens, cursor.statement_end()
    loop = next((i for i in range(cursor.at, end) if tokens[i].upper in _LOOP and tokens[i - 1].text != "."), end)
    words = {*_QUERY_WORDS, "EXECUTE"}
    query = next((i for i in range(cursor.at, loop) if tokens[i].upper in words), None)
    if query is None:
        cursor.cut("control", until=loop + 1)
        return
    kind = "exec" if tokens[query].upper == "EXECUTE" else "select"
    cursor.cut("control", until=query - 1 if tokens[query - 1].text == "(" else query)
    cursor.cut(kind, until=loop)


def _bulk(cursor: Cursor) -> None:
    """PL/SQL's `FORALL i IN ids.FIRST .. ids.LAST UPDATE ...;`: the statement behind the range."""
    end = cursor.statement_end()
    words = {"INSERT", "UPDATE", "DELETE", "MERGE", "EXECUTE"}
    verb = next((index for index in range(cursor.at + 1, end) if cursor.tokens[index].upper in words), end)
    named = cursor.tokens[verb - 1].text == "."  # ids.DELETE
    cursor.cut("control", until=end if named else verb)


def _inner_routine(cursor: Cursor) -> None:
    """PL/SQL's routine inside a routine: its head, and its body as part of the one around it."""
    body = behind_opening(cursor, end := cursor.statement_end())
    cursor.cut("control", until=body)
    if body < end:
        split_block(cursor, cursor.owner)


def behind_opening(cursor: Cursor, end: int) -> int:
    """Index behind the IS or AS that opens a body, outside parentheses; `end` where there is none."""
    depth = 0
    for index in range(cursor.at, end):
        token = cursor.tokens[index]
        depth += (token.text == "(") - (token.text == ")")
        if depth == 0 and token.upper in {"IS", "AS"}:
            return index + 1
    return end


def _behind_conditions(cursor: Cursor) -> int:
    """Index of the statement that a handler runs: behind `CONTINUE HANDLER FOR NOT FOUND, SQLSTATE '23000'`."""
    for index in range(cursor.at + 3, cursor.end):
        token = cursor.tokens[index]
        listed = cursor.tokens[index - 1].text in {",", "FOR"} or token.kind is not WORD
        if not listed and token.upper not in _CONDITION_WORDS:
            return index
    return cursor.end


def cursor_query(cursor: Cursor) -> None:
    """`OPEN c FOR SELECT ...;`, `c CURSOR FOR SELECT ...;`: the query is a statement of its own, and so is what
    `OPEN c FOR EXECUTE '...'` runs.
    """
    end = cursor.statement_end()
    given = next((i for i in range(cursor.at, end) if cursor.tokens[i].upper == "FOR"), end) + 1
    if given < end and cursor.upper() == "OPEN" and cursor.tokens[given].upper not in _QUERY_WORDS:
        cursor.cut("exec" if cursor.tokens[given].text != "(" else "select", until=end)
        return
    query = next((i for i in range(cursor.at, end) if cursor.tokens[i].upper in _QUERY_WORDS), None)
    if query is None or cursor.tokens[query - 1].upper not in {"FOR", "IS", "AS"}:
        cursor.cut("control", until=end)
        return
    cursor.cut("control", until=query)
    cursor.cut("select", until=end)


def end_of(cursor: Cursor) -> int:
    """Behind `END`, `END IF;`, `END LOOP label;`, `END name;`, `END BEFORE EACH ROW;`."""
    index = cursor.at + 1
    words = 4 if cursor.peek_upper(1) in _TIMES else 2
    while index < cursor.end and cursor.tokens[index].kind is WORD and index <= cursor.at + words:
        index += 1
    return index + 1 if index < cursor.end and cursor.tokens[index].text == ";" else cursor.at + 1


def _holds_query(cursor: Cursor, end: int) -> bool:
    """Whether control flow reads tables or calls functions with a schema."""
    if any(True for _ in qualified_calls(cursor.tokens, cursor.at, end)):
        return True
    return any(cursor.tokens[index].upper in {"SELECT", "FROM"} for index in range(cursor.at, end))


_BY_WORD: dict[str, Callable[[Cursor], object]] = {
    "FORALL": _bulk,
    "FOR": _loop,
    "FOREACH": _loop,
    "PERFORM": _perform,
    "OPEN": cursor_query,
    "PROCEDURE": _inner_routine,
    "FUNCTION": _inner_routine,
}
"""What is cut by a rule of its own, by its first word."""
