"""What clients end statements with, written as the semicolon it stands for: MySQL's DELIMITER, Oracle's slash."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lineage_core.sql.dialects import Dialect

_COMMAND = re.compile(r"^[ \t]*DELIMITER[ \t]+(?P<mark>\S+)[^\n]*", re.IGNORECASE | re.MULTILINE)

_SPOKEN = re.compile(r"^(?:PROMPT|REM(?:ARK)?)\b[^\r\n]*", re.IGNORECASE | re.MULTILINE)
"""SQL*Plus's commands with free text, in which quotes mean nothing."""

_SLASH = re.compile(r"(?<=\n)/(?=[ \t]*(?:\r?\n|\Z))")


def blank_delimiters(text: str, dialect: Dialect) -> str:
    """The text with semicolons only, every offset and line as before.

    A delimiter counts at the end of a line, where people write it; elsewhere it may be part of a string or a name.
    Oracle's slash counts alone on its line; what its client is to say is blank.
    """
    if dialect.line_commands:
        return _SLASH.sub(";", _SPOKEN.sub(lambda match: " " * len(match[0]), text))
    commands = list(_COMMAND.finditer(text)) if dialect.delimiter_command else []
    if not commands:
        return text
    pieces = [text[: commands[0].start()]]
    for index, command in enumerate(commands):
        end = commands[index + 1].start() if index + 1 < len(commands) else len(text)
        mark = command["mark"]
        pieces.append(" " * len(command.group()))
        pieces.append(_with_semicolons(text[command.end() : end], mark))
    return "".join(pieces)


def _with_semicolons(part: str, mark: str) -> str:
    semicolon = ";".ljust(len(mark))
    return re.sub(rf"{re.escape(mark)}(?=[ \t]*(?:\r?\n|\Z))", semicolon, part)
