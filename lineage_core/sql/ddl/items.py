"""What the DDL readers share: a cursor over one statement's tokens, and their common result."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from lineage_core.model.facts import ObjectFact, Problem, TableChange
from lineage_core.sql.headers import read_name
from lineage_core.sql.lexer import QUOTED, STRING, WORD, Token, tokenize
from lineage_core.sql.names import display, normalise

if TYPE_CHECKING:
    from lineage_core.sql.dialects import Dialect

MAX_DEFINITION = 4_000

_GENERIC_TYPES = frozenset({"STRUCT", "ARRAY", "MAP", "ROW"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Ddl:
    """What one DDL statement says. `holds_query`: its columns come from a query that follows (CREATE TABLE ... AS).
    `moves_rows`: all that the tables in `reads` hold gets to the one in `writes`.
    """

    objects: tuple[ObjectFact, ...] = ()
    changes: tuple[TableChange, ...] = ()
    reads: tuple[str, ...] = ()
    writes: tuple[str, ...] = ()
    drops: tuple[str, ...] = ()
    renames: tuple[tuple[str, str], ...] = ()
    temporary: tuple[str, ...] = ()
    creates: dict[str, tuple[str, ...]] = field(default_factory=dict)
    generated: dict[str, tuple[str, ...]] = field(default_factory=dict)
    holds_query: bool = False
    moves_rows: bool = False
    errors: tuple[Problem, ...] = ()


class Reader:
    """The tokens of one statement with a position."""

    def __init__(self, text: str, dialect: Dialect, line: int) -> None:
        self.text = text
        self.dialect = dialect
        self.first_line = line
        self.tokens: list[Token] = tokenize(text, dialect)
        self.at = 0

    def more(self) -> bool:
        """Whether a token is left."""
        return self.at < len(self.tokens)

    def upper(self, ahead: int = 0) -> str:
        """A token in upper case if it is a word or symbol, else empty."""
        index = self.at + ahead
        return self.tokens[index].upper if 0 <= index < len(self.tokens) else ""

    def upper_at(self, index: int) -> str:
        """The same for the token at an index."""
        return self.tokens[index].upper if 0 <= index < len(self.tokens) else ""

    def accept(self, *words: str) -> bool:
        """Step over the words if they come next, in that order."""
        if all(self.upper(ahead) == word for ahead, word in enumerate(words)):
            self.at += len(words)
            return True
        return False

    def skip(self, words: frozenset[str]) -> set[str]:
        """Step over any of the words; returns those that were there."""
        seen = set()
        while self.more() and self.upper() in words:
            seen.add(self.upper())
            self.at += 1
        return seen

    def name(self) -> str:
        """A dotted name as written, stepped over; empty where there is none."""
        named = read_name(self.tokens, self.at)
        if named is None:
            return ""
        self.at = named.after
        return named.text

    def normal(self, written: str) -> str:
        """A written name in normal form."""
        return normalise(written, self.dialect)

    def shown(self, written: str) -> str:
        """A written name's last part, without quotes."""
        return display(written, self.dialect)

    def line(self, at: int | None = None) -> int:
        """The file's line of a token, the current one by default."""
        index = min(self.at if at is None else at, len(self.tokens) - 1)
        return self.first_line + self.text.count("\n", 0, self.tokens[index].start) if self.tokens else self.first_line

    def closing(self, at: int) -> int:
        """Index of the parenthesis that closes the one at `at`; the number of tokens where none does."""
        depth = 0
        for index in range(at, len(self.tokens)):
            depth += (self.tokens[index].text == "(") - (self.tokens[index].text == ")")
            if depth == 0:
                return index
        return len(self.tokens)

    def items(self, start: int, end: int) -> list[tuple[int, int]]:
        """The comma-separated ranges between two tokens."""
        found, depth, angles, first = [], 0, 0, start
        for index in range(start, end):
            text = self.tokens[index].text
            depth += (text == "(") - (text == ")")
            angles += (text == "<" and self.upper_at(index - 1) in _GENERIC_TYPES) - (text == ">" and angles > 0)
            if text == "," and depth == 0 and angles == 0:
                found.append((first, index))
                first = index + 1
        if first < end:
            found.append((first, end))
        return found

    def columns(self, start: int, end: int) -> list[str]:
        """The first name of each item between two tokens: the columns of a key or an index."""
        names = []
        for first, last in self.items(start, end):
            if self.tokens[first].kind in {WORD, QUOTED} and (last == first + 1 or self.tokens[first + 1].text != "("):
                names.append(self.normal(self.tokens[first].text))
        return names

    def source(self, start: int, end: int) -> str:
        """The SQL between two tokens on one line, cut at 4,000 characters."""
        if start >= end or start >= len(self.tokens):
            return ""
        text = self.text[self.tokens[start].start : self.tokens[end - 1].end]
        return " ".join(text.split())[:MAX_DEFINITION]

    def string(self, at: int) -> str:
        """The value of a string literal."""
        token = self.tokens[at] if at < len(self.tokens) else None
        if token is None or token.kind is not STRING:
            return ""
        return token.text[token.text.index(token.text[-1]) + 1 : -1].replace("''", "'")

    def problem(self, message: str, at: int | None = None) -> Problem:
        """Something that cannot be read, at a token's line."""
        return Problem(line=self.line(at), message=message)
