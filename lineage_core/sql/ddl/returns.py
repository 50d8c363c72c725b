"""The table that a function returns, as its header declares it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lineage_core.sql.ddl.create_table import columns_of
from lineage_core.sql.ddl.items import Reader
from lineage_core.sql.lexer import VARIABLE

if TYPE_CHECKING:
    from lineage_core.model.facts import ColumnFact
    from lineage_core.sql.dialects import Dialect


def returned_table(text: str, dialect: Dialect) -> tuple[str, tuple[ColumnFact, ...]]:
    """The table variable (T-SQL's only) and the columns of `RETURNS [@v] TABLE (a int, ...)`; empty where there are
    none.

    Args:
        text: the header, up to the function's body.
        dialect: for names.
    """
    reader = Reader(text, dialect, 1)
    at = next((index for index, token in enumerate(reader.tokens) if token.upper == "RETURNS"), len(reader.tokens)) + 1
    variable = ""
    if at < len(reader.tokens) and reader.tokens[at].kind is VARIABLE:
        variable, at = reader.tokens[at].text.lower(), at + 1
    if reader.upper_at(at) != "TABLE" or reader.upper_at(at + 1) != "(":
        return variable, ()
    reader.at = at + 1
    return variable, columns_of(reader)
