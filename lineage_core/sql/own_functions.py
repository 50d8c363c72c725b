"""A user's table functions with the name of a built-in one, as in `FROM dbo.split(a)`, which sqlglot takes for that."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lineage_core.sql.grammar import grammar

if TYPE_CHECKING:
    from lineage_core.sql.dialects import Dialect

_MARK = "__own"
_CALLED = re.compile(r"\b(?:FROM|JOIN|APPLY)\s+(?:[\w\[\]\"]+\s*\.\s*)+(\w+)(?=\s*\()", re.IGNORECASE)


def marked(text: str, dialect: Dialect) -> str:
    """The text with a mark behind such names."""
    if not (dialect.batches or dialect.dollar_quotes):
        return text
    builtin = grammar(dialect).parser_class.FUNCTIONS
    return _CALLED.sub(lambda match: match[0] + (_MARK if match[1].upper() in builtin else ""), text)


def unmarked(name: str) -> str:
    """A function's name as it was written."""
    return name.removesuffix(_MARK)
