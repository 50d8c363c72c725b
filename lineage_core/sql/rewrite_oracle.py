"""Oracle spellings that sqlglot does not read, as what they stand for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lineage_core.sql.lexer import WORD, Token, tokenize

if TYPE_CHECKING:
    from lineage_core.sql.dialects import Dialect


def rewrite_oracle(text: str, dialect: Dialect) -> str:
    """The statement's text with the rules below."""
    head = text[:7].upper()
    if head.startswith("MERGE") and "delete" in text.lower():
        return _without_delete(text, tokenize(text, dialect))
    if head.startswith("UPDATE"):
        tokens = tokenize(text, dialect)
        return _through_cte(text, tokens) if len(tokens) > 1 and tokens[1].text == "(" else text
    return text


def _without_delete(text: str, tokens: list[Token]) -> str:
    """`UPDATE SET ... DELETE WHERE x` of a MERGE: a deleted row flows nowhere."""
    for index in range(len(tokens) - 1):
        if (tokens[index].upper, tokens[index + 1].upper) == ("DELETE", "WHERE"):
            rest = tokens[index:]
            end = next((token.start for token in rest if token.upper in {"WHEN", ";"}), len(text))
            return f"{text[: tokens[index].start]} {text[end:]}"
    return text


def _through_cte(text: str, tokens: list[Token]) -> str:
    """`UPDATE (query) v SET ...` is `WITH v AS (query) UPDATE v SET ...`."""
    depth, closing = 0, 0
    for index in range(1, len(tokens)):
        depth += (tokens[index].text == "(") - (tokens[index].text == ")")
        if depth == 0:
            closing = index
            break
    if not closing or closing + 1 >= len(tokens):
        return text
    alias = tokens[closing + 1]
    named = alias.kind is WORD and alias.upper != "SET"
    name = alias.text if named else "changed_rows"
    rest = text[alias.end if named else alias.start :]
    return f"WITH {name} AS {text[tokens[1].start : tokens[closing].end]} UPDATE {name} {rest}"
