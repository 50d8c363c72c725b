"""A dialect's grammar at sqlglot, made once: sqlglot looks it up by name and makes a new one for each use."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from sqlglot import Dialect as Grammar

if TYPE_CHECKING:
    from lineage_core.sql.dialects import Dialect


@lru_cache(maxsize=64)
def grammar(dialect: Dialect) -> Grammar:
    """What parses and writes the dialect's SQL; it keeps nothing from one use to the next."""
    return Grammar.get_or_raise(dialect.sqlglot)
