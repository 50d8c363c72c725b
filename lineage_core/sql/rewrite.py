"""Small token rewrites for spellings that sqlglot does not read, each with the same lineage as what it stands for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lineage_core.sql.headers import read_name
from lineage_core.sql.lexer import SYMBOL, Token, tokenize

if TYPE_CHECKING:
    from lineage_core.sql.dialects import Dialect

_AFTER_INTO = frozenset({"FROM", "WHERE", "GROUP", "ORDER", "HAVING", "LIMIT", "UNION", ";"})
_OPTIONS = (
    (("OVERRIDING",), ("SYSTEM", "USER"), ("VALUE",)),
    (("ON",), ("COMMIT",), ("DROP",)),
    (("ON",), ("COMMIT",), ("DELETE", "PRESERVE"), ("ROWS",)),
    (("WITH",), ("NO",), ("DATA",)),
    (("WITH",), ("DATA",)),
    (("WITH",), ("CHECK",), ("OPTION",)),
    (("WITH",), ("LOCAL", "CASCADED"), ("CHECK",), ("OPTION",)),
    (("WITH",), ("READ",), ("ONLY",)),
)
"""Each a run of words, with the alternatives of each."""

_COMPOUND = frozenset({"+=", "-=", "*=", "/=", "%=", "&=", "^=", "|="})


def rewrite(text: str, dialect: Dialect) -> str:
    """The statement's text as sqlglot can read it.

    T-SQL's `SET a += b` becomes `SET a = a + b`. Options that say nothing about lineage are left out: ON COMMIT DROP,
    WITH NO DATA, WITH CHECK OPTION, OVERRIDING SYSTEM VALUE, and TOP of a statement that changes a table. T-SQL's
    `DELETE FROM a FROM b` becomes `DELETE a FROM b`, MySQL's REPLACE becomes INSERT.
    """
    lower = text.lower()
    if lower.startswith("replace"):
        text = f"INSERT{text[len('replace') :]}"
    if dialect.batches and "delete" in lower:
        text = _without_first_from(text, dialect)
    if dialect.batches and "top" in lower:
        text = _without_top(text, dialect)
    if dialect.batches and any(mark in text for mark in _COMPOUND):
        return _spell_out_assignments(text, dialect)
    for words in _OPTIONS:
        if words[0][0].lower() in lower and words[-1][0].lower() in lower:
            text = _drop(text, dialect, words)
    return text


def drop_into(text: str, dialect: Dialect) -> str:
    """A SELECT without its INTO: in a procedural body it fills variables."""
    tokens = tokenize(text, dialect)
    depth = 0
    for index, token in enumerate(tokens):
        depth += (token.text == "(") - (token.text == ")")
        if depth or token.upper != "INTO":
            continue
        after = index + 1
        while after < len(tokens) and tokens[after].upper not in _AFTER_INTO and _belongs(tokens, index, after):
            after += 1
        end = tokens[after].start if after < len(tokens) else len(text)
        return f"{text[: token.start]} {text[end:]}"
    return text


def _belongs(tokens: list[Token], into: int, at: int) -> bool:
    """Whether a token is part of `INTO STRICT a, b.c`: names, with commas and dots between them."""
    before = tokens[at - 1]
    starts = at == into + 1 or before.upper == "STRICT"
    return starts or tokens[at].text in {",", "."} or before.text in {",", "."}


def _without_first_from(text: str, dialect: Dialect) -> str:
    tokens = tokenize(text, dialect)
    for index, token in enumerate(tokens[:-2]):
        if token.upper != "DELETE" or tokens[index + 1].upper != "FROM":
            continue
        named = read_name(tokens, index + 2)
        if named is not None and named.after < len(tokens) and tokens[named.after].upper == "FROM":
            return f"{text[: tokens[index + 1].start]}{text[tokens[index + 2].start :]}"
    return text


def _without_top(text: str, dialect: Dialect) -> str:
    """`DELETE TOP (5) FROM t` as `DELETE FROM t`."""
    tokens = tokenize(text, dialect)
    for index, token in enumerate(tokens[:-2]):
        if token.upper != "TOP" or tokens[index - 1].upper not in {"INSERT", "UPDATE", "DELETE", "MERGE"}:
            continue
        end, depth = index + 1, 0
        while end < len(tokens):
            depth += (tokens[end].text == "(") - (tokens[end].text == ")")
            end += 1
            if depth == 0:
                break
        if end < len(tokens) and tokens[end].upper == "PERCENT":
            end += 1
        return f"{text[: token.start]}{text[tokens[end].start :] if end < len(tokens) else ''}"
    return text


def _spell_out_assignments(text: str, dialect: Dialect) -> str:
    tokens = tokenize(text, dialect)
    pieces, position = [], 0
    for index, token in enumerate(tokens):
        if token.kind is not SYMBOL or token.text not in _COMPOUND:
            continue
        start = index - 1
        while start >= 2 and tokens[start - 1].text == ".":
            start -= 2
        target = text[tokens[start].start : token.start].strip()
        pieces.append(f"{text[position : token.start]}= {target} {token.text[0]} ")
        position = token.end
    return "".join([*pieces, text[position:]])


def _drop(text: str, dialect: Dialect, words: tuple[tuple[str, ...], ...]) -> str:
    tokens = tokenize(text, dialect)
    for index in range(len(tokens) - len(words) + 1):
        group = tokens[index : index + len(words)]
        if all(token.upper in options for token, options in zip(group, words, strict=True)):
            return f"{text[: group[0].start]} {text[group[-1].end :]}"
    return text
