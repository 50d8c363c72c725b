"""Queries whose rows go to files: UNLOAD, EXPORT DATA and SELECT ... INTO OUTFILE, taken apart from their tokens."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from lineage_core.sql.headers import read_name
from lineage_core.sql.lexer import STRING, Token, closing_of, tokenize
from lineage_core.sql.literals import text_of

if TYPE_CHECKING:
    from lineage_core.sql.dialects import Dialect


class Export(NamedTuple):
    """A query and the location its rows go to."""

    query: str
    location: str


def take_export(text: str, dialect: Dialect) -> Export | None:
    """The export that a statement is; None for every other statement."""
    head = text[:8].upper()
    if head.startswith(("UNLOAD", "EXPORT")):
        tokens = tokenize(text, dialect)
        return _unload(text, tokens, dialect) if head.startswith("UNLOAD") else _export(text, tokens, dialect)
    if head.startswith(("SELECT", "WITH")) and "outfile" in text.lower():
        return _outfile(text, tokenize(text, dialect), dialect)
    return None


def _unload(text: str, tokens: list[Token], dialect: Dialect) -> Export | None:
    """`UNLOAD ('query' | query | table) TO 'location' ...`."""
    closing = closing_of(tokens, 1)
    location = _string_behind(tokens, closing, "TO", dialect)
    if closing <= 2 or not location:
        return None
    query = text_of(tokens[2], dialect) or text[tokens[2].start : tokens[closing - 1].end]
    return Export(query, location)


def _export(text: str, tokens: list[Token], dialect: Dialect) -> Export | None:
    """`EXPORT DATA OPTIONS (uri = 'location', ...) AS query` and `EXPORT TABLE t TO 'location'`."""
    if len(tokens) > 2 and tokens[1].upper == "TABLE":
        named, location = read_name(tokens, 2), _string_behind(tokens, 2, "TO", dialect)
        if named is None or not location:
            return None
        return Export(f"SELECT * FROM {named.text}", location)  # noqa: S608 - it is parsed, never run
    opened = next((index for index, token in enumerate(tokens) if token.text == "("), len(tokens))
    closing = closing_of(tokens, opened)
    location = _string_behind(tokens, opened, "URI", dialect)
    if closing + 2 > len(tokens) or tokens[closing + 1].upper != "AS" or not location:
        return None
    return Export(text[tokens[closing + 1].end :], location)


def _outfile(text: str, tokens: list[Token], dialect: Dialect) -> Export | None:
    """`SELECT ... INTO OUTFILE 'location' ...` before FROM or at the end."""
    at = next((index for index in range(len(tokens) - 2) if _is_outfile(tokens, index)), None)
    if at is None:
        return None
    end = next((token.start for token in tokens[at:] if token.upper == "FROM"), len(text))
    return Export(f"{text[: tokens[at].start]} {text[end:]}", text_of(tokens[at + 2], dialect) or "")


def _is_outfile(tokens: list[Token], at: int) -> bool:
    return (
        tokens[at].upper == "INTO" and tokens[at + 1].upper in {"OUTFILE", "DUMPFILE"} and tokens[at + 2].kind is STRING
    )


def _string_behind(tokens: list[Token], start: int, word: str, dialect: Dialect) -> str:
    """The string behind `TO` or `uri =`; empty where there is none."""
    for index in range(start, len(tokens) - 1):
        if tokens[index].upper == word:
            value = tokens[index + 1 + (tokens[index + 1].text == "=")]
            return text_of(value, dialect) or ""
    return ""
