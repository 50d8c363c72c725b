"""Calls of functions with a schema in control flow: `SET @a = dbo.f(1)`, `IF calc.g(x) THEN`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lineage_core.sql.headers import read_name
from lineage_core.sql.lexer import QUOTED, VARIABLE, WORD

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from lineage_core.sql.lexer import Token

_METHODS = frozenset(
    "value query nodes exist modify tostring write exists count first last next prior extend delete trim".split()
)
"""Of T-SQL's xml columns and PL/SQL's collections."""

_NAME_KINDS = frozenset({WORD, QUOTED, VARIABLE})


def qualified_calls(tokens: Sequence[Token], start: int, end: int) -> Iterator[str]:
    """The names, as written, before a parenthesis among the tokens from `start` up to `end`."""
    index = start
    while index < end:
        named = read_name(tokens, index) if tokens[index].kind in _NAME_KINDS else None
        if named is None:
            index += 1
            continue
        called = named.after < end and tokens[named.after].text == "(" and tokens[index].kind is not VARIABLE
        method = tokens[named.after - 1].text.lower() in _METHODS
        if called and not method and "." in named.text:
            yield named.text
        index = named.after
