"""T-SQL's OUTPUT clauses, cut out of a statement's text: sqlglot knows only some of their places and targets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lineage_core.sql.headers import read_name
from lineage_core.sql.lexer import Token, tokenize
from lineage_core.sql.names import normalise

if TYPE_CHECKING:
    from lineage_core.sql.dialects import Dialect

_ENDS = frozenset("FROM WHERE VALUES SELECT DEFAULT EXEC EXECUTE OPTION WITH INTO OUTPUT ;".split())
_ROWS = ("inserted", "deleted", "$action")


@dataclass(frozen=True, slots=True)
class OutputClause:
    """`items` is the clause's select list as written; `into` and `columns` its target, empty where it has none."""

    items: str
    into: str = ""
    columns: tuple[str, ...] = ()


def take_output(text: str, dialect: Dialect) -> tuple[str, tuple[OutputClause, ...]]:
    """A statement's text without its OUTPUT clauses, and these."""
    if not dialect.batches or "output" not in text.lower():
        return text, ()
    tokens = tokenize(text, dialect)
    pieces: list[str] = []
    clauses: list[OutputClause] = []
    position = depth = index = 0
    while index < len(tokens):
        depth += (tokens[index].text == "(") - (tokens[index].text == ")")
        if depth == 0 and tokens[index].upper == "OUTPUT":
            clause, end = _clause(text, tokens, index, dialect)
            if any(row in clause.items.lower() for row in _ROWS):
                clauses.append(clause)
                pieces.append(text[position : tokens[index].start])
                position = tokens[end].start if end < len(tokens) else len(text)
                index = end
                continue
        index += 1
    return "".join([*pieces, text[position:]]), tuple(clauses)


def _clause(text: str, tokens: list[Token], at: int, dialect: Dialect) -> tuple[OutputClause, int]:
    """The clause whose OUTPUT is token `at`, and the index of the token behind it."""
    end, depth = at + 1, 0
    while end < len(tokens) and (depth or tokens[end].upper not in _ENDS):
        depth += (tokens[end].text == "(") - (tokens[end].text == ")")
        end += 1
    items = text[tokens[at].end : tokens[end - 1].end].strip()
    if end >= len(tokens) or tokens[end].upper != "INTO":
        return OutputClause(items), end
    named = read_name(tokens, end + 1)
    if named is None:
        return OutputClause(items), end + 1
    columns, after = _columns(tokens, named.after, dialect)
    return OutputClause(items, normalise(named.text, dialect), columns), after


def _columns(tokens: list[Token], at: int, dialect: Dialect) -> tuple[tuple[str, ...], int]:
    """The target's column list, if one starts at token `at`, and the index behind it."""
    if at + 1 >= len(tokens) or tokens[at].text != "(" or tokens[at + 1].upper in {"SELECT", "VALUES", "("}:
        return (), at
    end = next((index for index in range(at, len(tokens)) if tokens[index].text == ")"), len(tokens))
    names = tuple(normalise(token.text, dialect) for token in tokens[at + 1 : end] if token.text != ",")
    return names, end + 1
