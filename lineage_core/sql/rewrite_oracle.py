"""Oracle spellings that sqlglot does not read, as what they stand for."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING

from lineage_core.sql.lexer import WORD, Token, closing_of, tokenize

if TYPE_CHECKING:
    from lineage_core.sql.dialects import Dialect

_TRIGGER_ROW = re.compile(r"(?<![\w:]):(?=[A-Z]\w*\s*\.\s*[A-Z\"])", re.IGNORECASE)
"""The colon of Oracle's `:NEW.a`, and of `:n.a` where the trigger calls its rows so."""

_NUMBERED = re.compile(r"(?<![\w:]):(?=\d)")
"""The colon of `:1`, a value that is bound."""

_VIEW_OPTIONS = re.compile(
    r"\A(CREATE\s+(?:OR\s+REPLACE\s+)?)(?:(?:NO\s*)?FORCE\s+|(?:NON)?EDITIONABLE\s+|EDITIONING\s+)+(?=VIEW)",
    re.IGNORECASE,
)
"""`CREATE FORCE EDITIONABLE VIEW`."""

_ERROR_LOG = re.compile(
    r"\bLOG\s+ERRORS\b(?:\s+INTO\s+[\w.$#\"]+)?(?:\s*\([^()]*\))?(?:\s+REJECT\s+LIMIT\s+\w+)?", re.IGNORECASE
)
"""Where refused rows are noted."""

_BEHIND = frozenset({"SET", "WHERE", "VALUES", "SELECT", "WITH"})
"""The words behind an inline view without a name."""

_BEHIND_MODEL = frozenset("PARTITION DIMENSION MAIN RETURN IGNORE KEEP UNIQUE REFERENCE".split())
_WORDS_BEFORE_LISTS = 8
_MODEL_LISTS = ("DIMENSION", "MEASURES")


def rewrite_oracle(text: str, dialect: Dialect) -> str:
    """The statement's text with the rules below."""
    text = _NUMBERED.sub(":b", _TRIGGER_ROW.sub("", text))
    text = _VIEW_OPTIONS.sub(r"\1", text)
    if "dimension" in text.lower():
        text = _without_model(text, tokenize(text, dialect))
    head = text[:7].upper()
    if "log" in (lower := text.lower()) and "errors" in lower:
        text = _ERROR_LOG.sub("", text)
    if head.startswith("MERGE") and "delete" in text.lower():
        return _without_delete(text, tokenize(text, dialect))
    if head.startswith(("UPDATE", "DELETE", "INSERT")):
        tokens = tokenize(text, dialect)
        opened = 2 if len(tokens) > 1 and tokens[1].upper in {"FROM", "INTO"} else 1
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
    """`UPDATE (query) v SET ...` is `WITH v AS (query) UPDATE v SET ...`, and so are DELETE and INSERT."""
    closing = closing_of(tokens, opened)
    if not closing:
        return text
    alias = tokens[closing + 1] if closing + 1 < len(tokens) else None
    named = alias is not None and alias.kind is WORD and alias.upper not in _BEHIND
    name = alias.text if alias is not None and named else "changed_rows"
    rest = text[tokens[closing + named].end :]
    changed = text[: tokens[opened].start]
    return f"WITH {name} AS {text[tokens[opened].start : tokens[closing].end]} {changed}{name}{rest}"


def _without_model(text: str, tokens: list[Token]) -> str:
    """`FROM t MODEL PARTITION BY (a) DIMENSION BY (b) MEASURES (c m) RULES (...)` has the columns a, b and m of t.

    What the rules compute of other cells is not followed: they mix the cells of their own columns.
    """
    at = next((i for i, pair in enumerate(pairwise(tokens)) if _opens_model(*pair)), None)
    start = _from_before(tokens, at) if at is not None else None
    if at is None or start is None:
        return text
    lists: list[str] = []
    opened = at
    partitioned = any(token.upper == "PARTITION" for token in tokens[at : at + _WORDS_BEFORE_LISTS])
    for word in (*(("PARTITION",) if partitioned else ()), *_MODEL_LISTS, "("):
        opened = next((i for i in range(opened, len(tokens)) if tokens[i].upper == word), len(tokens))
        opened = next((i for i in range(opened, len(tokens)) if _opens_list(tokens, i)), len(tokens))
        closing = closing_of(tokens, opened)
        if not closing:
            return text
        if word != "(":
            lists.append(text[tokens[opened].end : tokens[closing].start])
        opened = closing
    inner = text[tokens[start].start : tokens[at].start]
    return f"{text[: tokens[start].start]}FROM (SELECT {', '.join(lists)} {inner}) {text[tokens[opened].end :]}"


def _opens_model(token: Token, following: Token) -> bool:
    return token.upper == "MODEL" and following.upper in _BEHIND_MODEL


def _opens_list(tokens: list[Token], at: int) -> bool:
    """Whether a parenthesis opens a list of the clause, and not how often its rules are applied."""
    return tokens[at].text == "(" and tokens[at - 1].upper not in {"ITERATE", "UNTIL"}


def _from_before(tokens: list[Token], at: int) -> int | None:
    """The FROM of the query that a token is part of."""
    depth = 0
    for index in range(at - 1, -1, -1):
        depth += (tokens[index].text == ")") - (tokens[index].text == "(")
        if depth == 0 and tokens[index].upper == "FROM":
            return index
    return None
