"""Oracle spellings that sqlglot does not read, as what they stand for."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lineage_core.sql.lexer import WORD, Token, tokenize

if TYPE_CHECKING:
    from lineage_core.sql.dialects import Dialect

_TRIGGER_ROW = re.compile(r":(?=(?:NEW|OLD)\s*\.)", re.IGNORECASE)
"""The colon of Oracle's `:NEW.a`."""

_VIEW_OPTIONS = re.compile(
    r"\A(CREATE\s+(?:OR\s+REPLACE\s+)?)(?:(?:NO\s*)?FORCE\s+|(?:NON)?EDITIONABLE\s+|EDITIONING\s+)+(?=VIEW)",
    re.IGNORECASE,
)
"""`CREATE FORCE EDITIONABLE VIEW`."""


_LOG_ERRORS = re.compile(
    r"\bLOG\s+ERRORS\b(?:\s+INTO\s+[\w.$#\"]+)?(?:\s*\(\s*'[^']*'\s*\))?(?:\s+REJECT\s+LIMIT\s+\w+)?(?=\s*;?\s*\Z)",
    re.IGNORECASE,
)
"""Where rows go that a change could not take."""


def rewrite_oracle(text: str, dialect: Dialect) -> str:
    """The statement's text with the rules below."""
    text = _TRIGGER_ROW.sub("", text)
    text = _VIEW_OPTIONS.sub(r"\1", text)
    if "errors" in text.lower():
        text = _LOG_ERRORS.sub("", text)
    head = text[:7].upper()
    if head.startswith("MERGE") and "delete" in text.lower():
        return _without_delete(text, tokenize(text, dialect))
    if head.startswith(("UPDATE", "DELETE")):
        tokens = tokenize(text, dialect)
        opened = 2 if len(tokens) > 1 and tokens[1].upper == "FROM" else 1
        return _through_cte(text, tokens, opened) if len(tokens) > opened and tokens[opened].text == "(" else text
    return text


def _without_delete(text: str, tokens: list[Token]) -> str:
    """`UPDATE SET ... DELETE WHERE x` of a MERGE: a deleted row flows nowhere."""
    for index in range(len(tokens) - 1):
        if (tokens[index].upper, tokens[index + 1].upper) == ("DELETE", "WHERE"):
            rest = tokens[index:]
            end = next((token.start for token in rest if token.upper in {"WHEN", ";"}), len(text))
            return f"{text[: tokens[index].start]} {text[end:]}"
    return text


def _through_cte(text: str, tokens: list[Token], opened: int) -> str:
    """`UPDATE (query) v SET ...` is `WITH v AS (query) UPDATE v SET ...`, and so is a DELETE."""
    depth, closing = 0, 0
    for index in range(opened, len(tokens)):
        depth += (tokens[index].text == "(") - (tokens[index].text == ")")
        if depth == 0:
            closing = index
            break
    if not closing:
        return text
    alias = tokens[closing + 1] if closing + 1 < len(tokens) else None
    named = alias is not None and alias.kind is WORD and alias.upper not in {"SET", "WHERE"}
    name = alias.text if alias is not None and named else "changed_rows"
    rest = text[tokens[closing + named].end :]
    changed = text[: tokens[opened].start]
    return f"WITH {name} AS {text[tokens[opened].start : tokens[closing].end]} {changed}{name}{rest}"
