"""Statements that hold another one, to be run by name or on a schedule: PREPARE, tasks, pipes and events."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from lineage_core.sql.lexer import DOLLAR, STRING, VARIABLE, tokenize
from lineage_core.sql.literals import text_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from lineage_core.sql.dialects import Dialect

_BEFORE = frozenset({"AS", "FROM", "DO", "THEN"})
_VERBS = frozenset({"SELECT", "INSERT", "UPDATE", "DELETE", "MERGE", "WITH", "CREATE"})


class Held(NamedTuple):
    """A statement's text, and the number of lines above it in what holds it. `certain` if it stands there as it is."""

    sql: str
    line: int
    certain: bool = True


def held_statement(text: str, dialect: Dialect, value_of: Callable[[str], str | None]) -> Held | None:
    """The statement behind AS, DO or THEN, or in the string or variable behind FROM; None where it is not known.

    Args:
        text: what holds it.
        dialect: of both.
        value_of: a variable's name -> the text it holds.
    """
    depth = 0
    tokens = tokenize(text, dialect)
    for token, following in pairwise(tokens):
        depth += (token.text == "(") - (token.text == ")")
        if depth or token.upper not in _BEFORE:
            continue
        line = text.count("\n", 0, following.start)
        if following.kind in {STRING, DOLLAR}:
            return Held(text_of(following, dialect) or "", line)
        if following.kind is VARIABLE:
            value = value_of(following.text)
            return Held(value, line, certain=False) if value is not None else None
        return Held(text[following.start :], line) if token.upper != "FROM" or following.upper in _VERBS else None
    return None
