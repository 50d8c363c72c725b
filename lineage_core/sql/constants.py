"""INSERT ... VALUES of constants, of which data scripts hold thousands: known from tokens, faster than by a tree."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lineage_core.model.facts import Statement
from lineage_core.sql.headers import read_name, skip_words
from lineage_core.sql.lexer import NUMBER, STRING, SYMBOL, WORD, Token
from lineage_core.sql.names import normalise

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lineage_core.sql.dialects import Dialect

_CONSTANT_WORDS = frozenset({"NULL", "TRUE", "FALSE", "DEFAULT"})
_SYMBOLS = frozenset("(),;+-")


def constant_insert(tokens: Sequence[Token], dialect: Dialect) -> Statement | None:
    """The statement, if it is an INSERT of constants and nothing else; None for every other."""
    if not tokens or tokens[0].upper != "INSERT":
        return None
    named = read_name(tokens, skip_words(tokens, 1, {"INTO"}))
    if named is None:
        return None
    at = _behind_columns(tokens, named.after)
    if at >= len(tokens) or tokens[at].upper != "VALUES":
        return None
    values = tokens[at + 1 :]
    if not all(map(_is_constant, values)) or not _are_rows(values):
        return None
    return Statement(kind="insert", writes=(normalise(named.text, dialect),))


def _behind_columns(tokens: Sequence[Token], at: int) -> int:
    """Behind the list of columns, where there is one."""
    if at >= len(tokens) or tokens[at].text != "(":
        return at
    while at < len(tokens) and tokens[at].text != ")":
        at += 1
    return at + 1


def _are_rows(tokens: Sequence[Token]) -> bool:
    """`(...), (...)`, perhaps with a semicolon: anything else is broken, which the parser has to say."""
    texts = [token.text for token in tokens if token.kind is SYMBOL]
    if texts[-1:] == [";"]:
        texts.pop()
    depth = 0
    for text in texts:
        depth += (text == "(") - (text == ")")
        if depth not in {0, 1}:
            return False
    return depth == 0 and texts[:1] == ["("] and texts[-1:] == [")"]


def _is_constant(token: Token) -> bool:
    if token.kind is SYMBOL:
        return token.text in _SYMBOLS
    return token.kind is NUMBER or token.kind is STRING or (token.kind is WORD and token.upper in _CONSTANT_WORDS)
