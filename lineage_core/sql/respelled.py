"""Spellings of a whole text that would hide where its statements start, as what they stand for."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lineage_core.sql.dialects import Dialect

_NAME = r"[\w.`\"]+"


def _spelling(pattern: str, plain: str) -> tuple[re.Pattern[str], str]:
    return re.compile(pattern, re.IGNORECASE | re.MULTILINE), plain


_START = r"(?<![^;\n])[ \t]*"
_BARE = r"(?<![\w.\"'])"
_SPELLINGS = {
    "teradata": (
        _spelling(rf"{_BARE}SEL\b(?![\"'.])", "SELECT"),
        _spelling(rf"{_BARE}INS\b(?![\"'.])", "INSERT"),
        _spelling(rf"{_BARE}UPD\b(?![\"'.])", "UPDATE"),
        _spelling(rf"{_BARE}DEL\b(?![\"'.])", "DELETE"),
        _spelling(
            rf"{_START}\.(?:LOGON|LOGOFF|QUIT|EXIT|IF|SET|EXPORT|IMPORT|RUN|GOTO|LABEL|OS|REMARK|REPEAT)\b[^\n]*", ""
        ),
        _spelling(rf"{_START}[BE]T[ \t]*(?=;|\Z)", ""),
        _spelling(rf"{_START}DATABASE[ \t]+({_NAME})[ \t]*(?=;|\Z)", r"USE \1"),
        _spelling(
            rf"\bLOCK(?:ING)?\s+(?:(?:TABLE|ROW|VIEW|DATABASE)\b\s*)?(?:{_NAME}\s+)?(?:FOR|IN)\s+"
            r"(?:ACCESS|READ|WRITE|SHARE|EXCLUSIVE|CHECKSUM)(?:\s+MODE)?\b",
            "",
        ),
    ),
    "clickhouse": (
        _spelling(
            rf"{_START}(INSERT\s+INTO\s+(?:TABLE\s+)?{_NAME}\s*(?:\([^()]*\)\s*)?)FORMAT\s+\w+[ \t]*(?=;|\Z)",
            r"\1SELECT NULL",
        ),
        _spelling(rf"\bALTER\s+TABLE\s+({_NAME})(?:\s+ON\s+CLUSTER\s+\S+)?\s+DELETE(?=\s)", r"DELETE FROM \1"),
        _spelling(rf"\bALTER\s+TABLE\s+({_NAME})(?:\s+ON\s+CLUSTER\s+\S+)?\s+UPDATE(?=\s)", r"UPDATE \1 SET"),
    ),
}
"""By dialect: Teradata's short verbs, the LOCKING in front of a statement and BTEQ's commands; ClickHouse's mutations,
and data that follows an INSERT.
"""


def respelled(text: str, dialect: Dialect) -> str:
    """The text in the usual spelling, with as many lines as before."""
    for pattern, plain in _SPELLINGS.get(dialect.name, ()):
        text = pattern.sub(partial(_with_lines, plain), text)
    return text


def _with_lines(plain: str, match: re.Match[str]) -> str:
    """What a match stands for, followed by the line ends it held."""
    return match.expand(plain) + "\n" * match.group().count("\n")
