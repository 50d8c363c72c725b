"""The variables and parameters in sight in a routine's body, where nothing tells their names from columns."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lineage_core.sql.classify import ROUTINE_KINDS, starts_known_statement
from lineage_core.sql.lexer import QUOTED, WORD, Token, tokenize
from lineage_core.sql.names import normalise

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lineage_core.sql.dialects import Dialect
    from lineage_core.sql.split import Slice

_MODES = frozenset({"IN", "OUT", "INOUT", "VARIADIC", "CURSOR"})


class Variables:
    """Takes a script's slices in order; `names` are those that the next statement sees.

    T-SQL's say what they are by their `@`, Snowflake's by a colon; there are none here. Those of a BigQuery script are
    seen to its end. The columns of RETURNS TABLE are left out: a function in plain SQL selects columns of these names
    from its tables.
    """

    def __init__(self, dialect: Dialect) -> None:
        self._dialect = dialect
        self._declaring = False
        self._of_script: set[str] = set()
        self._of_package: set[str] | None = None
        self.names: set[str] = set()

    def take(self, item: Slice, text: str) -> None:
        """Take note of what a slice declares.

        Args:
            item: the slice.
            text: its code.
        """
        if self._dialect.marked_variables:
            return
        if not (item.in_block or item.kind in ROUTINE_KINDS):
            self._outside(item, text)
            return
        tokens = tokenize(text, self._dialect) if item.kind in {"control", "condition", *ROUTINE_KINDS} else []
        if not tokens:
            return
        if item.kind in ROUTINE_KINDS:
            self.names = set(self._parameters(tokens) if item.kind != "create_trigger" else ()) | (
                self._of_package or set()
            )
            self._declaring = tokens[-1].upper in {"IS", "AS", "TRIGGER"}
        elif tokens[0].upper in {"DECLARE", "BEGIN"}:
            self._declaring = tokens[0].upper == "DECLARE"
            if self._declaring and len(tokens) > 1:  # a script's own
                self._of_script |= set(self._listed(tokens[1:]))
                self.names |= self._of_script
        elif tokens[0].upper in {"PROCEDURE", "FUNCTION"}:  # inside another one
            self.names |= set(self._parameters(tokens))
            self._declaring = True
        elif tokens[0].upper in {"FOR", "FOREACH"}:
            self.names |= set(self._listed(tokens[1:]))
        elif self._declaring and (tokens[0].upper == "CURSOR" or not starts_known_statement(tokens[0])):
            self.names |= set(self._listed(tokens[tokens[0].upper == "CURSOR" :]))

    def _outside(self, item: Slice, text: str) -> None:
        """Between routines: a package's declarations are seen to its end."""
        if item.kind == "package":
            self._of_package = set()
        elif item.kind == "control" and self._of_package is not None:
            tokens = tokenize(text, self._dialect)
            self._of_package |= set(self._listed(tokens))
            if tokens and tokens[0].upper == "END":
                self._of_package = None
        self.names = set(self._of_script)

    def _listed(self, tokens: list[Token]) -> Iterator[str]:
        """The names of `a, b int`."""
        for index, token in enumerate(tokens):
            if index % 2 == (token.text != ","):
                return
            if token.text != ",":
                if token.kind not in {WORD, QUOTED}:
                    return
                yield normalise(token.text, self._dialect)

    def _parameters(self, tokens: list[Token]) -> Iterator[str]:
        """The names in a routine's first parentheses; a parameter of one word has a type only."""
        depth, item = 0, list[Token]()
        for token in tokens:
            depth += (token.text == "(") - (token.text == ")")
            if depth == 1 and token.text not in {"(", ",", ")"}:
                item.append(token)
            elif (depth == 1 and token.text == ",") or (depth == 0 and token.text == ")"):
                named = item[1:] if item and item[0].upper in _MODES else item
                if len(named) > 1 and named[0].kind in {WORD, QUOTED}:
                    yield normalise(named[0].text, self._dialect)
                item = []
                if depth == 0:
                    return
