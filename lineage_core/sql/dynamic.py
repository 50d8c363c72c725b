"""Dynamic SQL whose text is known: literals, and variables that hold nothing but literals."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from lineage_core.sql.lexer import DOLLAR, NUMBER, STRING, VARIABLE, WORD, Token, tokenize
from lineage_core.sql.literals import text_of
from lineage_core.sql.split import split

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lineage_core.sql.dialects import Dialect

_ASSIGNMENTS = frozenset({"=", ":=", "+=", "DEFAULT"})
_BEFORE_NAME = frozenset({"LET", "SET", "DECLARE"})
_CONCATENATIONS = frozenset({"+", "||"})
_TEXT_ARGUMENTS = frozenset({"@stmt", "@statement"})
_PLACEHOLDER = re.compile(r"%(?:(?P<at>\d+)\$)?-?\d*(?P<kind>[sIL%])")


class Literal(NamedTuple):
    """SQL text. `line` is where it starts, counted from 0 at the start of the statement it was taken from.

    `certain` if it stands there as one literal; pieced together over several statements, some of which may not run, it
    is the likeliest text only. `kept`: a query's rows are handed on; those of EXECUTE ... INTO fill variables.
    """

    sql: str
    line: int
    certain: bool
    kept: bool = True


class Strings:
    """The values of string variables while the statements of a batch or body are taken in order."""

    def __init__(self, dialect: Dialect) -> None:
        self._dialect = dialect
        self._known: dict[str, str] = {}

    def forget(self) -> None:
        """Start anew: at the next batch or routine."""
        self._known.clear()

    def assign(self, text: str) -> None:
        """Take note of what `SET @a = '...'`, `DECLARE @a ... = '...'` or `a := '...'` assigns."""
        if "'" not in text and not self._known:
            return
        tokens = tokenize(text, self._dialect)
        for index, token in enumerate(tokens):
            if token.text not in _ASSIGNMENTS and token.upper not in _ASSIGNMENTS:
                continue
            name = self._assigned(tokens, index)
            if not name:
                continue
            value, _ = self._value(tokens, index + 1)
            if token.text == "+=":
                value = self._known[name] + value if value is not None and name in self._known else None
            if value is None:
                self._known.pop(name, None)
            else:
                self._known[name] = value

    def executed(self, text: str) -> Literal | None:
        """The SQL that an EXEC, sp_executesql, EXECUTE [IMMEDIATE] or OPEN ... FOR runs, if it is known."""
        tokens = tokenize(text, self._dialect)
        words = {"FOR"} if tokens[0].upper == "OPEN" else {"EXEC", "EXECUTE"}
        at = next((i for i, token in enumerate(tokens) if token.upper in words), None)
        start = self._start(tokens, at + 1) if at is not None else None
        if start is None or start >= len(tokens):
            return None
        value, end = self._value(tokens, start)
        remote = end + 1 < len(tokens) and tokens[end + 1].upper == "AT"
        if value is None or remote:
            return None
        certain = end == start + 1 and tokens[start].kind in {STRING, DOLLAR}
        kept = self._dialect.batches or all(token.upper != "INTO" for token in tokens[end:])
        return Literal(value, text.count("\n", 0, tokens[start].start), certain, kept)

    def value_of(self, name: str) -> str | None:
        """The text that a variable holds, if it is known."""
        return self._known.get(name.lower())

    def _start(self, tokens: list[Token], at: int) -> int | None:
        """Where the executed expression starts; None for the call of a procedure."""
        if at + 1 < len(tokens) and tokens[at].kind is VARIABLE and tokens[at + 1].text == "=":
            at += 2
        if not self._dialect.batches:
            return at + (at < len(tokens) and tokens[at].upper in {"IMMEDIATE", "EXECUTE"})
        if at < len(tokens) and tokens[at].text == "(":
            return at + 1
        while at + 1 < len(tokens) and tokens[at + 1].text == ".":
            at += 2
        if at >= len(tokens) or tokens[at].text.strip("[]").lower() != "sp_executesql":
            return None
        named = at + 2 < len(tokens) and tokens[at + 2].text == "=" and tokens[at + 1].text.lower() in _TEXT_ARGUMENTS
        return at + 3 if named else at + 1

    def _assigned(self, tokens: list[Token], at: int) -> str:
        """The variable that stands before an assignment's sign, perhaps with its type between them."""
        if self._dialect.batches:
            if tokens[at].text == "DEFAULT" or at == 0:
                return ""
            found = at - 1
            while found > 0 and tokens[found].kind is not VARIABLE and tokens[0].upper == "DECLARE":
                found -= 1
            return tokens[found].text.lower() if tokens[found].kind is VARIABLE else ""
        first = int(tokens[0].upper in _BEFORE_NAME and at > 1)
        return tokens[first].text.lower() if tokens[first].kind in {WORD, VARIABLE} and at > 0 else ""

    def _value(self, tokens: list[Token], at: int) -> tuple[str | None, int]:
        """The text of a chain of literals and known variables, None for any other, and the index behind it."""
        text = ""
        while at < len(tokens):
            piece, at = self._piece(tokens, at)
            if piece is None:
                return None, at
            text += piece
            if at >= len(tokens) or tokens[at].text not in _CONCATENATIONS:
                break
            at += 1
        ended = at >= len(tokens) or tokens[at].text in {",", ";", ")"} or tokens[at].upper in {"USING", "INTO"}
        return (text if ended else None), at

    def _piece(self, tokens: list[Token], at: int) -> tuple[str | None, int]:
        marked = tokens[at].text == ":" and at + 1 < len(tokens)  # Snowflake's :variable
        at += marked
        token = tokens[at]
        if token.kind is STRING or token.kind is DOLLAR:
            return text_of(token, self._dialect), at + 1
        if token.kind is VARIABLE or (token.kind is WORD and token.text.lower() in self._known):
            return self._known.get(token.text.lower()), at + 1
        if token.upper == "FORMAT" and at + 2 < len(tokens) and tokens[at + 1].text == "(":
            return self._formatted(tokens, at + 2)
        if token.upper == "CONCAT" and at + 1 < len(tokens) and tokens[at + 1].text == "(":
            pieces, at = self._arguments(tokens, at + 2)
            return (None if None in pieces else "".join(filter(None, pieces))), at
        called = [each.text.upper() for each in tokens[at : at + 4]]
        if called[:2] in (["CHAR", "("], ["NCHAR", "("]) and called[3:] == [")"] and tokens[at + 2].kind is NUMBER:
            return " " if called[2] not in {"10", "13"} else "\n", at + 4
        return None, at + 1

    def _formatted(self, tokens: list[Token], at: int) -> tuple[str | None, int]:
        """Postgres' `format('...', arguments)` from behind its parenthesis: names have to be known, values need not."""
        (template, *arguments), end = self._arguments(tokens, at)
        return (filled(template, arguments) if template is not None else None), end

    def _arguments(self, tokens: list[Token], at: int) -> tuple[list[str | None], int]:
        """The texts of a call's arguments, from behind its parenthesis, and the index behind the other one."""
        depth, end = 1, at
        pieces: list[list[Token]] = [[]]
        while end < len(tokens) and depth:
            depth += (tokens[end].text == "(") - (tokens[end].text == ")")
            if depth == 1 and tokens[end].text == ",":
                pieces.append([])
            elif depth:
                pieces[-1].append(tokens[end])
            end += 1
        return [self._whole(piece) for piece in pieces], end

    def _whole(self, tokens: list[Token]) -> str | None:
        value, end = self._value(tokens, 0) if tokens else (None, 0)
        return value if end == len(tokens) else None


def filled(template: str, arguments: Sequence[str | None]) -> str | None:
    """A format's text with its arguments in place; None where a name among them is not known."""
    text, position, given = "", 0, iter(arguments)
    for match in _PLACEHOLDER.finditer(template):
        kind = match["kind"]
        if kind == "%":
            value: str | None = "%"
        else:
            value = arguments[int(match["at"]) - 1] if match["at"] in _places(arguments) else next(given, None)
        if kind == "L":
            value = "NULL" if value is None else "'" + value.replace("'", "''") + "'"
        if value is None:
            return None
        text += template[position : match.start()] + value
        position = match.end()
    return text + template[position:]


def _places(arguments: Sequence[str | None]) -> set[str]:
    return {str(place) for place in range(1, len(arguments) + 1)}


def insert_head(text: str, dialect: Dialect) -> str:
    """The `INSERT INTO t (...)` of an INSERT ... EXEC; empty for an EXEC alone."""
    tokens = tokenize(text, dialect)
    at = next((index for index, token in enumerate(tokens) if token.upper in {"EXEC", "EXECUTE"}), 0)
    return text[: tokens[at].start].strip() if at and tokens[0].upper == "INSERT" else ""


def is_query(sql: str, dialect: Dialect) -> bool:
    """Whether dynamic SQL is one SELECT and nothing else."""
    kinds = [item.kind for item in split(sql, dialect) if item.kind != "control"]
    return kinds == ["select"]
