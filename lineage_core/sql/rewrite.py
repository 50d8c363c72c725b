"""Small token rewrites for spellings that sqlglot does not read, each with the same lineage as what it stands for."""

from __future__ import annotations

import re

from lineage_core.sql.dialects import Dialect

_COMPOUND_ASSIGNMENT = re.compile(r"((?:[\w@#$]+|\[[^\]]+\])(?:\s*\.\s*(?:[\w@#$]+|\[[^\]]+\]))*)\s*([-+*/%&|^])=(?!=)")


def rewrite(text: str, dialect: Dialect) -> str:
    """The statement's text as sqlglot can read it."""
    if dialect.name != "tsql":
        return text
    return _COMPOUND_ASSIGNMENT.sub(r"\1 = \1 \2 ", text)
