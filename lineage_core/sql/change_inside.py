"""T-SQL's `FROM (MERGE ... OUTPUT ...) AS x`: the statement whose output is a source, cut out of the one around it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lineage_core.sql.lexer import tokenize

if TYPE_CHECKING:
    from lineage_core.sql.dialects import Dialect

CHANGED_ROWS = "changed_rows"
"""What stands in its place."""

_INSIDE = re.compile(r"\bFROM\s*\(\s*(?=(?:INSERT|UPDATE|DELETE|MERGE)\b)", re.IGNORECASE)


def take_change(text: str, dialect: Dialect) -> tuple[str, str]:
    """A statement's text with a name for the change inside its FROM, and that change; empty where there is none."""
    if not dialect.batches or (found := _INSIDE.search(text)) is None:
        return text, ""
    depth = 1
    for token in tokenize(text[found.end() :], dialect, found.end()):
        depth += (token.text == "(") - (token.text == ")")
        if depth == 0:
            around = f"{text[: found.start()]}FROM {CHANGED_ROWS}{text[token.end :]}"
            return around, text[found.end() : token.start].strip()
    return text, ""
