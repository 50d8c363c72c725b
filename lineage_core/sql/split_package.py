"""Oracle's packages: the procedures and functions of a body are routines of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lineage_core.sql.split_block import behind_opening, cursor_query, end_of, split_block

if TYPE_CHECKING:
    from lineage_core.sql.cursor import Cursor

_KINDS = {"PROCEDURE": "create_procedure", "FUNCTION": "create_function"}
_HEAD_WORDS = 12


def opens_package(cursor: Cursor) -> bool:
    """Whether `CREATE [OR REPLACE] PACKAGE [BODY]` starts here."""
    head = [cursor.peek_upper(ahead) for ahead in range(5)]
    return head[0] == "CREATE" and "PACKAGE" in head


def split_package(cursor: Cursor) -> None:
    """Cut a package: its head, each routine with its body, declarations, and the END."""
    cursor.cut("package", until=behind_opening(cursor, min(cursor.at + _HEAD_WORDS, cursor.end)))
    while cursor.more():
        word = cursor.upper()
        if word == "END":
            cursor.cut("control", until=end_of(cursor))
            return
        if word == "BEGIN":
            split_block(cursor, None)
            return
        if word == "CURSOR":
            cursor_query(cursor)
            continue
        end = cursor.statement_end()
        body = behind_opening(cursor, end) if word in _KINDS else end
        if body < end:
            split_block(cursor, cursor.cut(_KINDS[word], until=body))
        else:
            cursor.cut("control", until=end)
