"""A position in a list of tokens, and the cuts made so far."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from lineage_core.sql.lexer import SYMBOL, WORD, Token

if TYPE_CHECKING:
    from collections.abc import Sequence

_SYMBOL_STARTS = frozenset("(")
_BODY_WORDS = frozenset({"IS", "AS"})
_VERBS = frozenset({"SELECT", "INSERT", "UPDATE", "DELETE", "REPLACE", "WITH", "CALL"})
_SINGLE_STARTS = {
    "create_function": frozenset({"RETURN"}),
    "create_procedure": _VERBS,
    "create_trigger": _VERBS | {"SET"},
}
"""The words with which the body of a routine without a block may start."""


class Cut(NamedTuple):
    """Where a slice starts, where its last token ends (offsets), its kind, its owner's index, its place.

    `in_quotes`: it is part of a body in plain quotes, where quotes are doubled. `tokens`: an INSERT's, of which scripts
    of data hold millions.
    """

    start: int
    last: int
    kind: str
    owner: int | None
    batch: int
    in_block: bool = False
    in_quotes: bool = False
    tokens: Sequence[Token] = ()


class Cursor:
    """Walks tokens and cuts slices off at their front; `at` is the next token, `end` the number of tokens."""

    def __init__(self, tokens: list[Token], cuts: list[Cut] | None = None, batch: int = 0) -> None:
        self.tokens = tokens
        self.at = 0
        self.end = len(tokens)
        self.cuts: list[Cut] = cuts if cuts is not None else []
        self.batch = batch
        self.owner: int | None = None
        self.in_block = False
        self.in_quotes = False

    def more(self) -> bool:
        """Whether a token is left."""
        return self.at < self.end

    def text(self, ahead: int = 0) -> str:
        """The text of a token, empty behind the last."""
        index = self.at + ahead
        return self.tokens[index].text if 0 <= index < self.end else ""

    def upper(self) -> str:
        """The next token in upper case if it is a word or symbol."""
        return self.tokens[self.at].upper if self.more() else ""

    def peek_upper(self, ahead: int) -> str:
        """The same for a later token."""
        index = self.at + ahead
        return self.tokens[index].upper if 0 <= index < self.end else ""

    def cut(self, kind: str, until: int, owner: int | None = None) -> int:
        """Cut the tokens up to (not including) index `until`; returns the slice's index."""
        until = min(max(until, self.at + 1), self.end)
        first, last = self.tokens[self.at], self.tokens[until - 1]
        owner = owner if owner is not None else self.owner
        tokens = self.tokens[self.at : until] if kind == "insert" else ()
        self.cuts.append(Cut(first.start, last.end, kind, owner, self.batch, self.in_block, self.in_quotes, tokens))
        self.at = until
        return len(self.cuts) - 1

    def starts_statement(self) -> bool:
        """Whether a statement may start here: at a word, or at a parenthesised query."""
        token = self.tokens[self.at]
        return token.kind is WORD or (token.kind is SYMBOL and token.text in _SYMBOL_STARTS)

    def statement_end(self, start: int | None = None) -> int:
        """Index behind the statement's semicolon, or the end."""
        for index in range(self.at if start is None else start, self.end):
            if self.tokens[index].text == ";" and self.tokens[index].kind is SYMBOL:
                return index + 1
        return self.end

    def closing(self, opening: int) -> int:
        """Index of the parenthesis that closes the one at `opening`; the end where none does."""
        depth = 0
        for index in range(opening, self.end):
            depth += (self.tokens[index].text == "(") - (self.tokens[index].text == ")")
            if depth == 0:
                return index
        return self.end

    def line_end(self) -> int:
        """Index of the first token on a later line."""
        return next((at for at in range(self.at + 1, self.end) if self.tokens[at].opens_line), self.end)

    def find_body(self, semicolon: int) -> int | None:
        """Where a routine's block starts: BEGIN, or the declarations behind AS or IS; None for a routine without
        one.
        """
        depth = 0
        for index in range(self.at + 1, semicolon):
            token = self.tokens[index]
            depth += (token.text == "(") - (token.text == ")")
            if depth:
                continue
            if token.upper in {"BEGIN", "DECLARE"}:
                return index
            if token.upper in _BODY_WORDS and not self._names_row(index) and self.block_follows(index):
                return index + 1
        return None

    def _names_row(self, index: int) -> bool:
        """Whether AS stands in a trigger's `REFERENCING NEW AS n`, `OLD TABLE AS o`."""
        table = self.tokens[index - 1].upper in {"TABLE", "ROW"}
        return self.tokens[index - 1 - table].upper in {"NEW", "OLD", "PARENT"}

    def find_single(self, kind: str, end: int) -> int:
        """Where a routine's only statement starts: RETURN of a function, what follows FOR EACH ROW of a trigger;
        `end` where there is none.
        """
        depth, row = 0, kind != "create_trigger"
        for index in range(self.at + 1, end):
            token = self.tokens[index]
            depth += (token.text == "(") - (token.text == ")")
            if depth == 0 and row and token.upper in _SINGLE_STARTS[kind]:
                return index
            if depth == 0 and kind == "create_function" and (start := self._table_behind_as(index)) is not None:
                return start
            row = row or (token.upper == "ROW" and self.tokens[index - 1].upper == "EACH")
        return end

    def _table_behind_as(self, index: int) -> int | None:
        """Where the query of a table function starts: AS SELECT, AS (SELECT, AS TABLE SELECT; None for all others."""
        if self.tokens[index].upper != "AS":
            return None
        start = index + 1 + (self._upper_at(index + 1) == "TABLE")
        word = self._upper_at(start + (self._upper_at(start) == "("))
        return start if word in {"SELECT", "WITH"} else None

    def _upper_at(self, index: int) -> str:
        return self.tokens[index].upper if index < self.end else ""

    def block_follows(self, index: int) -> bool:
        """Whether AS or IS opens a block: BEGIN comes before any other statement could end."""
        if index + 1 < self.end and self.tokens[index + 1].text == "(":
            return False
        for later in range(index + 1, min(index + 400, self.end)):
            if self.tokens[later].upper == "BEGIN":
                return True
            if self.tokens[later].upper in {"CREATE", "ALTER"}:
                return False
        return False
