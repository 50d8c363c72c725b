"""Which queries of a script are what its functions return, and INSERT ... EXEC as a query over a procedure's rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lineage_core.model.kinds import ObjectKind
from lineage_core.sql.dynamic import insert_head
from lineage_core.sql.extract.statement import NotUnderstoodError, extract
from lineage_core.sql.headers import read_name, skip_words
from lineage_core.sql.lexer import VARIABLE, tokenize

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lineage_core.model.facts import ObjectFact, Statement
    from lineage_core.sql.dialects import Dialect


def with_last_queries(objects: Sequence[ObjectFact], statements: Sequence[Statement]) -> tuple[Statement, ...]:
    """The statements; a function without any RETURN of a query returns its last statement, if that is one.

    That is how functions in plain SQL return.
    """
    last: dict[int, int] = {}
    decided: set[int] = set()
    for place, statement in enumerate(statements):
        if statement.owner is not None:
            last[statement.owner] = place
            if statement.returned:
                decided.add(statement.owner)
    marked = list(statements)
    for owner, place in last.items():
        item = objects[owner]
        if item.kind is ObjectKind.FUNCTION and owner not in decided and not item.target:
            marked[place] = marked[place].model_copy(update={"returned": marked[place].kind == "select"})
    return tuple(marked)


def insert_from_call(text: str, dialect: Dialect) -> Statement | None:
    """`INSERT INTO t (a) EXEC p ...` as the rows of p that reach t; None for any other text."""
    head = insert_head(text, dialect)
    tokens = tokenize(text[len(head) :], dialect) if head else []
    at = skip_words(tokens, 0, {"EXEC", "EXECUTE"})
    if at + 1 < len(tokens) and tokens[at].kind is VARIABLE and tokens[at + 1].text == "=":
        at += 2
    named = read_name(tokens, at)
    if named is None or tokens[at].kind is VARIABLE:
        return None
    try:
        return extract(f"{head} SELECT * FROM {named.text}()", dialect)  # noqa: S608 - it is parsed, never run
    except NotUnderstoodError:
        return None
