"""CREATE TABLE ... AS and CREATE VIEW reduced to name, columns and query, without what sqlglot does not read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lineage_core.sql.headers import read_name, skip_words
from lineage_core.sql.lexer import QUOTED, WORD, Token, tokenize

if TYPE_CHECKING:
    from lineage_core.sql.dialects import Dialect

_KINDS = {"TABLE": "TABLE", "VIEW": "VIEW", "MODEL": "TABLE"}
_QUERY = frozenset({"SELECT", "WITH", "(", "VALUES", "FROM", "TABLE"})
_NO_COLUMN = frozenset("CONSTRAINT PRIMARY KEY INDEX UNIQUE FOREIGN CHECK FULLTEXT SPATIAL".split())
_BEHIND_QUERY = frozenset({"DISTRIBUTED"})


def plain_create(text: str, dialect: Dialect) -> str | None:
    """`CREATE kind name (columns) AS query` of a longer CREATE or ALTER; None where it is no such statement."""
    tokens = tokenize(text, dialect)
    at = next((index for index, token in enumerate(tokens) if token.upper in _KINDS), None)
    if at is None or tokens[0].upper not in {"CREATE", "ALTER"}:
        return None
    named = read_name(tokens, skip_words(tokens, at + 1, {"IF", "NOT", "EXISTS"}))
    query = _query(tokens, named.after) if named is not None else None
    if named is None or query is None:
        return None
    words = {token.upper for token in tokens[:at]} & {"MATERIALIZED", "TEMPORARY", "TEMP"}
    head = ["CREATE", *sorted(words), _KINDS[tokens[at].upper], named.text]
    end = _end(tokens, query)
    return f"{' '.join(head)}{_columns(tokens, named.after)} AS {text[tokens[query].start : end]}"


def _query(tokens: list[Token], at: int) -> int | None:
    """Where the query behind AS starts, or SELECT without one."""
    depth = 0
    for index in range(at, len(tokens) - 1):
        depth += (tokens[index].text == "(") - (tokens[index].text == ")")
        if depth == 0 and tokens[index].upper == "AS" and tokens[index + 1].upper in _QUERY:
            return index + 1
    return None


def _end(tokens: list[Token], query: int) -> int:
    """Offset behind the query, which options may follow."""
    depth = 0
    for token in tokens[query:]:
        depth += (token.text == "(") - (token.text == ")")
        if depth == 0 and token.upper in _BEHIND_QUERY:
            return token.start
    return tokens[-1].end


def _columns(tokens: list[Token], at: int) -> str:
    """The names of the parenthesised list that may follow the table's name."""
    if at >= len(tokens) or tokens[at].text != "(":
        return ""
    names: list[str] = []
    depth, first = 0, False
    for token in tokens[at:]:
        depth += (token.text == "(") - (token.text == ")")
        if depth == 0:
            break
        if first and token.kind in {WORD, QUOTED} and token.upper not in _NO_COLUMN:
            names.append(token.text)
        first = depth == 1 and token.text in {"(", ","}
    return f" ({', '.join(names)})" if names else ""
