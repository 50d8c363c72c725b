"""What the head of a CREATE or ALTER says: the object's kind and name, its table, its target."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lineage_core.sql.lexer import QUOTED, VARIABLE, WORD, Token, tokenize
from lineage_core.sql.names import display, normalise

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lineage_core.sql.dialects import Dialect

_KINDS = {
    "VIEW": "view",
    "PROCEDURE": "procedure",
    "PROC": "procedure",
    "FUNCTION": "function",
    "MACRO": "function",
    "TRIGGER": "trigger",
    "SYNONYM": "synonym",
    "SEQUENCE": "sequence",
    "TYPE": "type",
    "DOMAIN": "type",
    "INDEX": "index",
    "TABLE": "table",
}

_TEMPORARY = frozenset({"TEMP", "TEMPORARY", "VOLATILE"})
_ROW_WORDS = frozenset({"OLD", "NEW", "PARENT", "OLD_TABLE", "NEW_TABLE"})
_ON_ALL = frozenset({"DATABASE", "ALL", "SCHEMA"})


@dataclass(frozen=True, slots=True)
class Header:
    """An object's head. `name` is empty for an index that Postgres is to name. `on` is a trigger's or index's
    table, `rows` what a trigger calls its rows, `target` what a synonym stands for, `calls` the function that a
    Postgres trigger executes.
    """

    kind: str
    name: str
    display: str
    on: str = ""
    target: str = ""
    temporary: bool = False
    calls: str = ""
    rows: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Named:
    """A name read from tokens: its text as written, and the index behind it."""

    text: str
    after: int


def package_name(text: str, dialect: Dialect) -> str:
    """The name of `CREATE PACKAGE [BODY] name IS`; empty where there is none."""
    tokens = tokenize(text, dialect)
    at = next((index for index, token in enumerate(tokens) if token.upper == "PACKAGE"), len(tokens))
    named = read_name(tokens, skip_words(tokens, at + 1, {"BODY", "IF", "NOT", "EXISTS"}))
    return normalise(named.text, dialect) if named is not None else ""


def read_header(text: str, dialect: Dialect, package: str = "") -> Header | None:
    """The head of one CREATE or ALTER statement; None where no name can be found.

    Args:
        text: its code.
        dialect: for names.
        package: what a routine without CREATE is part of.
    """
    tokens = tokenize(text, dialect)
    at = next((i for i, token in enumerate(tokens) if token.upper in _KINDS), None)
    if at is not None and [token.upper for token in tokens[at : at + 2]] == ["TABLE", "FUNCTION"]:
        at += 1
    if at is None:
        return None
    at += tokens[at].upper == "TABLE" and at + 1 < len(tokens) and tokens[at + 1].upper == "FUNCTION"
    kind = _KINDS[tokens[at].upper]
    materialized = any(token.upper == "MATERIALIZED" for token in tokens[:at])
    start = skip_words(tokens, at + 1, {"IF", "NOT", "EXISTS", "CONCURRENTLY"})
    unnamed = kind == "index" and start < len(tokens) and tokens[start].upper == "ON"
    named = Named("", start) if unnamed else read_name(tokens, start)
    if named is None:
        return None
    on = _table_behind(tokens, named.after, "ON") if kind in {"trigger", "index"} else ""
    inside = f"{package}." if package and at == 0 else ""
    return Header(
        kind="materialized_view" if kind == "view" and materialized else kind,
        name=inside + normalise(named.text, dialect),
        display=display(named.text, dialect),
        on=normalise(on, dialect),
        target=normalise(_table_behind(tokens, named.after, "FOR"), dialect) if kind == "synonym" else "",
        temporary=any(token.upper in _TEMPORARY for token in tokens[:at]),
        calls=normalise(_executed(tokens, named.after), dialect) if kind == "trigger" else "",
        rows=tuple(normalise(name, dialect) for name in _row_names(tokens)) if kind == "trigger" else (),
    )


def read_name(tokens: Sequence[Token], at: int) -> Named | None:
    """A dotted name that starts at token `at`, brackets and quotes kept; None where there is none."""
    parts: list[str] = []
    expect_part = True
    while at < len(tokens):
        token = tokens[at]
        if token.text == ".":
            parts.append(".")
            expect_part = True
        elif expect_part and token.kind in {WORD, QUOTED, VARIABLE}:
            parts.append(token.text)
            expect_part = False
        else:
            break
        at += 1
    return Named("".join(parts), at) if any(part != "." for part in parts) else None


def skip_words(tokens: Sequence[Token], at: int, words: set[str]) -> int:
    """Index of the first token from `at` on that is none of the words."""
    while at < len(tokens) and tokens[at].upper in words:
        at += 1
    return at


def _table_behind(tokens: list[Token], at: int, word: str) -> str:
    for index in range(at, len(tokens)):
        if tokens[index].upper == word:
            named = read_name(tokens, skip_words(tokens, index + 1, {"ONLY"}))
            if named is None or named.text.upper() in _ON_ALL:
                return ""
            return named.text
    return ""


def _row_names(tokens: list[Token]) -> list[str]:
    """The names of `REFERENCING OLD TABLE AS gone NEW AS made`."""
    at = next((index for index, token in enumerate(tokens) if token.upper == "REFERENCING"), len(tokens)) + 1
    names = []
    while at < len(tokens) and tokens[at].upper in _ROW_WORDS:
        at = skip_words(tokens, at + 1, {"TABLE", "ROW", "AS"})
        names += [token.text for token in tokens[at : at + 1]]
        at += 1
    return names


def _executed(tokens: list[Token], at: int) -> str:
    """`EXECUTE FUNCTION f()` of a Postgres trigger."""
    for index in range(at, len(tokens) - 1):
        if tokens[index].upper == "EXECUTE" and tokens[index + 1].upper in {"FUNCTION", "PROCEDURE"}:
            named = read_name(tokens, index + 2)
            return named.text if named is not None else ""
    return ""
