"""Spellings of Databricks, and pipes, that sqlglot does not read, as what they stand for."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lineage_core.sql.lexer import tokenize

if TYPE_CHECKING:
    from lineage_core.sql.dialects import Dialect
    from lineage_core.sql.lexer import Token

_NAME = r"(?:`[^`]*`|[\w.])+"
_NO_TABLE = r"(?!(?:AS|WHERE|JOIN|ON|GROUP|ORDER|LIMIT|INNER|LEFT|RIGHT|FULL|CROSS|UNION|QUALIFY|HAVING)\b)"
_STREAM = re.compile(
    rf"\bSTREAM\s*\(\s*({_NAME}(?:\s*\([^()]*\))?)\s*\)|(?<=\s)STREAM\s+{_NO_TABLE}(?=[\w`])", re.IGNORECASE
)
"""`STREAM(t)`, `STREAM t` and `STREAM read_files(...)`: t as it grows."""

_DIRECTORY = re.compile(
    r"\bDIRECTORY\s+(?:(?P<path>'[^']*')\s+USING\s+\w+(?:\s+OPTIONS\s*\([^()]*\))?"
    r"|USING\s+\w+\s+OPTIONS\s*\(\s*[`'\"]?path[`'\"]?\s*=?\s*(?P<option>'[^']*'|\"[^\"]*\")[^()]*\))",
    re.IGNORECASE,
)
_CHANGES = re.compile(
    rf"\A(?:APPLY\s+CHANGES|AUTO\s+CDC)\s+INTO\s+({_NAME})\s+FROM\s+({_NAME})(.*)\Z", re.IGNORECASE | re.DOTALL
)
_COLUMNS = re.compile(r"\bCOLUMNS\s+(?:\*\s*(EXCEPT\s*\([^()]*\))|\(([^()]*)\))", re.IGNORECASE)


def rewrite_spark(text: str, dialect: Dialect) -> str:
    """The statement's text with the rules below; for Spark and Databricks."""
    lower = text.lower()
    if "directory" in lower:
        text = _DIRECTORY.sub(lambda match: f"DIRECTORY {match['path'] or match['option']}", text)
    if dialect.name == "databricks" and "stream" in lower:
        text = _STREAM.sub(r"\1", text)
    if lower.startswith(("apply", "auto")):
        text = _CHANGES.sub(_inserted, text)
    return text


def _inserted(match: re.Match[str]) -> str:
    """`APPLY CHANGES INTO t FROM s ...` puts the columns of s, or those it lists, into t."""
    target, source, rest = match.groups()
    listed = _COLUMNS.search(rest)
    columns = "*" if listed is None else listed[2] or f"* {listed[1]}"
    return f"INSERT INTO {target} BY NAME SELECT {columns} FROM {source}"  # noqa: S608 - it is parsed, never run


def rewrite_pipes(text: str, dialect: Dialect) -> str:
    """`|> DROP a`, `|> RENAME a AS b` and `|> SET a = x` as the SELECTs they stand for."""
    if "|>" not in text:
        return text
    tokens = tokenize(text, dialect)
    starts = [index for index in range(len(tokens) - 1) if (tokens[index].text, tokens[index + 1].text) == ("|", ">")]
    pieces, position = [], 0
    for start, until in zip(starts, [*starts[1:], len(tokens)], strict=True):
        step = tokens[start + 2 : until]
        if step and (plain := _step(text, step)) is not None:
            pieces += [text[position : step[0].start], plain]
            position = step[-1].end
    return "".join([*pieces, text[position:]])


def _step(text: str, step: list[Token]) -> str | None:
    """One operator with its items; None where it needs no other words."""
    items = _items(text, step[1:])
    if step[0].upper == "DROP":
        return f"SELECT * EXCEPT ({', '.join(item for item in items)}) "
    if step[0].upper == "RENAME":
        pairs = [item.split() for item in items]
        return f"SELECT * RENAME ({', '.join(f'{pair[0]} AS {pair[-1]}' for pair in pairs if pair)}) "
    if step[0].upper == "SET":
        halves = [item.partition("=") for item in items]
        return f"SELECT * REPLACE ({', '.join(f'{value} AS {name}' for name, _, value in halves)}) "
    return None


def _items(text: str, tokens: list[Token]) -> list[str]:
    """The items of a list, as text."""
    items, depth, first = [], 0, 0
    for index, token in enumerate(tokens):
        depth += (token.text in "([") - (token.text in ")]")
        if depth == 0 and token.text == ",":
            items.append(text[tokens[first].start : tokens[index - 1].end])
            first = index + 1
    return [*items, text[tokens[first].start : tokens[-1].end]] if first < len(tokens) else items
