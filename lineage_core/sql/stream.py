"""A text too large to hold, in pieces that end where a batch or a statement ends."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lineage_core.sql.lexer import GO, SYMBOL, Token, tokenize
from lineage_core.sql.split_block import TRANSACTION

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from lineage_core.sql.dialects import Dialect

TARGET_CHARACTERS = 8 * 2**20
LARGEST_STATEMENT = 8
"""A statement longer than so many pieces is cut anyway, behind a row of its VALUES if there is one: it is data."""


@dataclass(frozen=True, slots=True)
class TextChunk:
    """A piece of a text. `first_line` is 1-based."""

    text: str
    first_line: int


def split_stream(parts: Iterable[str], dialect: Dialect, target: int = TARGET_CHARACTERS) -> Iterator[TextChunk]:
    """The pieces of a text that arrives in parts, such as lines.

    Args:
        parts: the text, in order; joined they are the whole.
        dialect: T-SQL is cut behind GO, others behind a semicolon outside parentheses, strings and bodies.
        target: characters of a piece; a piece is longer only if no statement ends in it.
    """
    held: list[str] = []
    size, line, wanted = 0, 1, target
    for part in parts:
        held.append(part)
        size += len(part)
        if size < wanted:
            continue
        text = "".join(held)
        at = _cut(text, dialect, forced=size >= LARGEST_STATEMENT * target)
        if at == 0:
            wanted = size + target
            held = [text]
            continue
        yield TextChunk(text[:at], line)
        line += text.count("\n", 0, at)
        held, size, wanted = [text[at:]], len(text) - at, target
    if size or line == 1:
        yield TextChunk("".join(held), line)


def _cut(text: str, dialect: Dialect, *, forced: bool) -> int:
    """Where to cut, 0 for not yet. The last tokens are not trusted: the text may go on inside them."""
    tokens = tokenize(text, dialect)[:-2]
    if dialect.batches:
        ends = [token.end for token in tokens if token.kind is GO]
        if ends:
            return ends[-1]
    end = _last_statement_end(tokens)
    if end == 0 and forced:
        end = next(
            (
                a.start
                for a, b in zip(reversed(tokens), list(reversed(tokens))[1:], strict=False)
                if (b.text, a.text) == (")", ",")
            ),
            len(text),
        )
    return end


def _last_statement_end(tokens: list[Token]) -> int:
    """Behind the last semicolon outside parentheses and BEGIN ... END."""
    depth = blocks = end = 0
    for index, token in enumerate(tokens):
        if token.kind is SYMBOL:
            depth += (token.text == "(") - (token.text == ")")
            if token.text == ";" and depth <= 0 and blocks <= 0:
                end = token.end
        elif token.upper in {"BEGIN", "CASE"}:
            following = tokens[index + 1].upper if index + 1 < len(tokens) else ""
            blocks += token.upper == "CASE" or following not in TRANSACTION
        elif token.upper == "END":
            blocks -= 1
    return end
